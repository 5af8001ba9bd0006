// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "state/engine.hpp"
#include "state/record_table.hpp"

#include <cstdint>
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

    MergingIterator(RecordTable& table, Engine& engine, KeyRange range, Order order,
                    Visible visible);

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

    void seek_table();
    void advance_table();
    void read_table();
    void settle();

    RecordTable* table_;
    std::unique_ptr<BytesIterator> engine_;
    KeyRange range_;
    Order order_;
    Visible visible_;

    RecordTable::Index::const_iterator entry_;
    std::uint64_t generation_ = 0;
    bool in_table_ = false;  // key_ and value_ hold the table's next row.
    Bytes key_;              // Copies: the entry may change or go.
    NullableOwnedBytes value_;
    At at_ = At::kEnd;
};

}  // namespace millrace::state
