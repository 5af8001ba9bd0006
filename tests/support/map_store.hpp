// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing {

/// A key-value store that returns all its rows for every range.
class MapStore final : public KeyValueBytesStore {
  public:
    const std::string& name() const override { return name_; }
    bool persistent() const override { return false; }

    NullableBytes get(BytesView key) override {
        const auto row = rows_.find(Bytes(key));
        return row == rows_.end() ? NullableBytes() : BytesView(row->second);
    }
    void put(BytesView key, const NullableBytes& value) override {
        if (value) {
            rows_.insert_or_assign(Bytes(key), Bytes(*value));
        } else {
            rows_.erase(Bytes(key));
        }
    }
    std::unique_ptr<BytesIterator> range(NullableBytes /*first*/, NullableBytes /*last*/,
                                         RowOrder /*order*/) override {
        return std::make_unique<Rows>(rows_);
    }
    std::unique_ptr<BytesIterator> prefix_scan(BytesView /*prefix*/) override {
        return std::make_unique<Rows>(rows_);
    }
    std::uint64_t approximate_num_entries() override { return rows_.size(); }

  private:
    /// A copy of all rows.
    class Rows final : public BytesIterator {
      public:
        explicit Rows(const std::map<Bytes, Bytes>& rows) : rows_(rows.begin(), rows.end()) {}

        bool valid() const override { return at_ < rows_.size(); }
        void next() override { ++at_; }
        BytesView key() const override { return rows_[at_].first; }
        BytesView value() const override { return rows_[at_].second; }

      private:
        std::vector<std::pair<Bytes, Bytes>> rows_;
        std::size_t at_ = 0;
    };

    std::string name_ = "store";
    std::map<Bytes, Bytes> rows_;
};

}  // namespace millrace::testing
