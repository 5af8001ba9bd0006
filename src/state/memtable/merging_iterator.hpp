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

/// Merges three sources of a range of rows: the copies kept for the walk, the table in memory, and
/// the engine. If several sources have a key, the first one wins; a removal hides the row.
///
/// The table may change meanwhile. Engine, table and walk must outlive this.
class MergingIterator final : public BytesIterator {
  public:
    /// `group_size`: so many bytes, in front of both ends of `range`, name the group of the table
    /// in which all of it lies; 0: none does. `in_engine`: false when the engine surely has nothing
    /// that the table has not.
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

    /// Whether the row at hand comes from the table. Requires valid().
    bool in_memory() const noexcept {
        return past_ ? past_->mapped().in_memory : at_ == At::kTable;
    }

    /// Whether a row of that key would come behind the one at hand.
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
    bool in_table_ = false;  // key_ and value_ hold the table's next row.
    Bytes key_;              // Copies: the entry may change or go.
    NullableOwnedBytes value_;
    At at_ = At::kEnd;                           // Without regard to what is kept.
    std::optional<Walk::Kept::node_type> past_;  // The row at hand, if it was kept.
};

}  // namespace millrace::state
