// SPDX-License-Identifier: Apache-2.0
#include "state/engine/memory_engine.hpp"

#include "state/engine/kept_value.hpp"

#include <iterator>

namespace millrace::state {

NullableBytes MemoryEngine::get(BytesView key) {
    const auto row = rows_.find(key);
    if (row == rows_.end()) {
        return std::nullopt;
    }
    return BytesView(row->second);
}

void MemoryEngine::put(BytesView key, const NullableBytes& value) {
    const auto row = rows_.lower_bound(key);
    const bool found = row != rows_.end() && row->first == key;
    if (!value) {
        if (found) {
            rows_.erase(row);
            ++generation_;
        }
    } else if (found) {
        overwrite_kept(row->second, *value);
    } else {
        rows_.emplace_hint(row, key, *value);
    }
}

void MemoryEngine::drop_below(BytesView end) {
    const auto last = rows_.lower_bound(end);
    if (last != rows_.begin()) {
        rows_.erase(rows_.begin(), last);
        ++generation_;
    }
}

void MemoryEngine::clear() {
    rows_.clear();
    ++generation_;
}

// Copies its current row, and finds its position again after rows were deleted, so the store may
// change during the iteration.
class MemoryEngine::Iterator final : public BytesIterator {
  public:
    Iterator(const MemoryEngine& engine, KeyRange range, RowOrder order)
        : engine_(&engine),
          range_(std::move(range)),
          order_(order),
          generation_(engine.generation_) {
        const auto& rows = engine_->rows_;
        if (order_ == RowOrder::kForward) {
            row_ = range_.lower ? rows.lower_bound(*range_.lower) : rows.begin();
        } else {
            row_ = range_.upper ? rows.lower_bound(*range_.upper) : rows.end();
            step_back();
        }
        read();
    }

    bool valid() const override { return valid_; }

    void next() override {
        const auto& rows = engine_->rows_;
        const bool moved = generation_ != engine_->generation_;
        generation_ = engine_->generation_;
        if (order_ == RowOrder::kForward) {
            row_ = moved ? rows.upper_bound(key_) : std::next(row_);
        } else {
            if (moved) {
                row_ = rows.lower_bound(key_);
            }
            step_back();
        }
        read();
    }

    BytesView key() const override { return key_; }
    BytesView value() const override { return value_; }

  private:
    void step_back() {
        row_ = row_ == engine_->rows_.begin() ? engine_->rows_.end() : std::prev(row_);
    }

    void read() {
        valid_ = row_ != engine_->rows_.end() &&
                 (order_ == RowOrder::kForward ? !range_.upper || row_->first < *range_.upper
                                               : !range_.lower || row_->first >= *range_.lower);
        if (valid_) {
            key_ = row_->first;
            value_ = row_->second;
        }
    }

    const MemoryEngine* engine_;
    KeyRange range_;
    RowOrder order_;
    std::uint64_t generation_;
    std::map<Bytes, Bytes, std::less<>>::const_iterator row_;
    Bytes key_;
    Bytes value_;
    bool valid_ = false;
};

std::unique_ptr<BytesIterator> MemoryEngine::iterate(const KeyRange& range, RowOrder order) {
    return std::make_unique<Iterator>(*this, range, order);
}

}  // namespace millrace::state
