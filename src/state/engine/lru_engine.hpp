// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/engine/engine.hpp"

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <vector>

namespace millrace::state {

/// A sorted map in memory with a maximum number of rows: a put above that evicts the least recently
/// used row.
class LruEngine final : public Engine {
  public:
    /// Called for each evicted row, before the put returns.
    using OnEvict = std::function<void(BytesView key)>;

    explicit LruEngine(std::size_t max_entries) : max_entries_(max_entries) {}
    void on_evict(OnEvict on_evict) { on_evict_ = std::move(on_evict); }

    NullableBytes get(BytesView key) override;
    void put(BytesView key, const NullableBytes& value) override;
    std::unique_ptr<BytesIterator> iterate(const KeyRange& range, RowOrder order) override;
    std::uint64_t approximate_num_entries() override { return rows_.size(); }
    void clear() override;
    bool empty() override { return rows_.empty(); }
    bool persistent() const override { return false; }
    bool direct() const override { return true; }
    void roll_back() override;
    void commit() override { undo_.clear(); }

  private:
    class Iterator;
    struct Row {
        Bytes value;
        std::list<BytesView>::iterator age;  // Views of the map's keys.
    };
    using Rows = std::map<Bytes, Row, std::less<>>;

    void set(BytesView key, const NullableBytes& value);
    void erase(Rows::iterator row);
    void remember_for_undo(BytesView key);

    std::size_t max_entries_;
    OnEvict on_evict_;
    Rows rows_;
    std::list<BytesView> by_age_;  // Least recently used first.
    std::vector<std::pair<Bytes, NullableOwnedBytes>> undo_;
};

}  // namespace millrace::state
