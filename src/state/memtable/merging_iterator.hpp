// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "state/engine/engine.hpp"
#include "state/memtable/memtable.hpp"
#include "state/memtable/memtable_cursor.hpp"
#include "state/memtable/walk.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace millrace::state {

/// Merges three sources of a range of rows: the iterator's copies, the table in memory, and the
/// engine. If several sources have a key, the first one wins; a deletion hides the row.
///
/// The table may change during the iteration. Engine, table and walk must outlive this.
class MergingIterator final : public BytesIterator {
  public:
    /// `group_size`: this many bytes at the start of both ends of `range` are the group of the
    /// table that contains the range; 0: none. `in_engine`: false if the engine certainly has no
    /// rows that the table does not have.
    MergingIterator(Memtable& table, Engine& engine, KeyRange range, RowOrder order, Walk& walk,
                    std::size_t group_size = 0, bool in_engine = true);
    MergingIterator(const MergingIterator&) = delete;
    MergingIterator& operator=(const MergingIterator&) = delete;

    bool valid() const override { return past_.has_value() || at_ != At::kEnd; }
    void next() override;
    BytesView key() const override { return past_ ? BytesView(past_->key()) : present_key(); }
    BytesView value() const override {
        if (past_) [[unlikely]] {
            return *past_->mapped().value;
        }
        return at_ == At::kEngine ? engine_->value() : BytesView(*value_);
    }

    /// Whether the current row is from the table. Requires valid().
    bool in_memory() const noexcept {
        return past_ ? past_->mapped().in_memory : at_ == At::kTable;
    }

    /// Whether a row with that key would come after the current one.
    bool ahead(BytesView key) const;

  private:
    enum class At { kTable, kEngine, kEnd };

    bool forward() const noexcept { return order_ == RowOrder::kForward; }
    BytesView present_key() const { return at_ == At::kEngine ? engine_->key() : BytesView(key_); }
    bool engine_valid() const { return engine_ != nullptr && engine_->valid(); }
    bool before_end(BytesView key) const;
    const Memtable::Entry* entry_behind(BytesView key);
    void read_table(const Memtable::Entry* entry);
    void skip_present();
    void settle_present();
    void settle();
    void show_past();
    Walk::Kept::iterator next_past();

    std::unique_ptr<BytesIterator> engine_;
    KeyRange range_;
    RowOrder order_;
    Walk& walk_;

    MemtableCursor cursor_;
    bool in_table_ = false;  // key_ and value_ contain the table's next row.
    Bytes key_;              // Copies: the entry may change or be removed.
    NullableOwnedBytes value_;
    At at_ = At::kEnd;                           // Ignores the copies.
    std::optional<Walk::Kept::node_type> past_;  // The current row, if it is a copy.
};

}  // namespace millrace::state
