// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/engine/engine.hpp"

#include <memory>

namespace millrace::state {

/// A custom key-value store below the cache and the changelog. It gets every write at once, so its
/// content cannot be rolled back.
class CustomEngine final : public Engine {
  public:
    explicit CustomEngine(std::unique_ptr<KeyValueBytesStore> store) : store_(std::move(store)) {}

    NullableBytes get(BytesView key) override { return store_->get(key); }
    void put(BytesView key, const NullableBytes& value) override { store_->put(key, value); }
    std::unique_ptr<BytesIterator> iterate(const KeyRange& range, RowOrder order) override;
    std::uint64_t approximate_num_entries() override { return store_->approximate_num_entries(); }
    void clear() override;
    bool empty() override { return !iterate({}, RowOrder::kForward)->valid(); }
    bool persistent() const override { return store_->persistent(); }
    bool direct() const override { return true; }
    bool rolls_back() const override { return false; }

  private:
    std::unique_ptr<KeyValueBytesStore> store_;
};

}  // namespace millrace::state
