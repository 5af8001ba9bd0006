// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "state/engine.hpp"
#include "state/record_table.hpp"
#include "state/table_cursor.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace millrace::state {

/// Walks the rows of a store: those in memory over those in the engine. Where both have a key, the
/// one in memory counts; a removal in memory hides the engine's row.
///
/// The table may change while it is walked. Engine and table must outlive this.
class MergingIterator final : public BytesIterator {
  public:
    /// Whether an entry of the table is to be seen; an empty function: always.
    using Visible = std::function<bool(const RecordTable::Entry&)>;

    /// `group_size`: so many bytes, in front of both ends of `range`, name the group of the table
    /// in which all of it lies; 0: none does. `in_engine`: false when the engine surely has nothing
    /// that the table has not.
    MergingIterator(RecordTable& table, Engine& engine, KeyRange range, Order order,
                    Visible visible, std::size_t group_size = 0, bool in_engine = true);
    MergingIterator(const MergingIterator&) = delete;
    MergingIterator& operator=(const MergingIterator&) = delete;

    bool valid() const override { return at_ != At::kEnd; }
    void next() override;
    BytesView key() const override { return at_ == At::kEngine ? engine_->key() : BytesView(key_); }
    BytesView value() const override {
        return at_ == At::kEngine ? engine_->value() : BytesView(*value_);
    }

    /// Whether the row at hand comes from the table. Requires valid().
    bool in_memory() const noexcept { return at_ == At::kTable; }

  private:
    enum class At { kTable, kEngine, kEnd };

    bool forward() const noexcept { return order_ == Order::kForward; }
    bool engine_valid() const { return engine_ != nullptr && engine_->valid(); }
    const RecordTable::Entry* entry_behind(BytesView key);
    void read_table(const RecordTable::Entry* entry);
    void settle();

    std::unique_ptr<BytesIterator> engine_;
    KeyRange range_;
    Order order_;
    Visible visible_;

    TableCursor cursor_;
    bool in_table_ = false;  // key_ and value_ hold the table's next row.
    Bytes key_;              // Copies: the entry may change or go.
    NullableOwnedBytes value_;
    At at_ = At::kEnd;
};

}  // namespace millrace::state
