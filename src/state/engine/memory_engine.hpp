// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/engine/engine.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace millrace::state {

/// A sorted map in memory.
class MemoryEngine final : public Engine {
  public:
    NullableBytes get(BytesView key) override;
    void put(BytesView key, const NullableBytes& value) override;
    std::unique_ptr<BytesIterator> iterate(const KeyRange& range, RowOrder order) override;
    std::uint64_t approximate_num_entries() override { return rows_.size(); }
    void drop_below(BytesView end) override;
    void clear() override;
    bool empty() override { return rows_.empty(); }
    bool persistent() const override { return false; }

  private:
    class Iterator;

    std::map<Bytes, Bytes, std::less<>> rows_;
    std::uint64_t generation_ = 0;  // Changes when a row is deleted: iterators must search again.
};

}  // namespace millrace::state
