// SPDX-License-Identifier: Apache-2.0
#include "state/engine/lru_engine.hpp"

#include "state/engine/kept_value.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::state {

NullableBytes LruEngine::get(BytesView key) {
    const auto row = rows_.find(key);
    if (row == rows_.end()) {
        return std::nullopt;
    }
    by_age_.splice(by_age_.end(), by_age_, row->second.age);
    return BytesView(row->second.value);
}

void LruEngine::put(BytesView key, const NullableBytes& value) {
    remember_for_undo(key);
    set(key, value);
    if (rows_.size() > max_entries_) {
        const auto eldest = rows_.find(by_age_.front());
        const Bytes evicted = eldest->first;
        remember_for_undo(evicted);
        erase(eldest);
        if (on_evict_) {
            on_evict_(evicted);
        }
    }
}

void LruEngine::set(BytesView key, const NullableBytes& value) {
    auto row = rows_.find(key);
    if (!value) {
        if (row != rows_.end()) {
            erase(row);
        }
        return;
    }
    if (row == rows_.end()) {
        row = rows_.emplace(Bytes(key), Row{}).first;
        row->second.age = by_age_.insert(by_age_.end(), BytesView(row->first));
    } else {
        by_age_.splice(by_age_.end(), by_age_, row->second.age);
    }
    overwrite_kept(row->second.value, *value);
}

void LruEngine::erase(Rows::iterator row) {
    by_age_.erase(row->second.age);
    rows_.erase(row);
}

void LruEngine::remember_for_undo(BytesView key) {
    const auto row = rows_.find(key);
    undo_.emplace_back(Bytes(key), row == rows_.end() ? NullableOwnedBytes{} : row->second.value);
}

void LruEngine::roll_back() {
    for (auto change = undo_.rbegin(); change != undo_.rend(); ++change) {
        set(change->first, change->second);
    }
    undo_.clear();
}

void LruEngine::clear() {
    rows_.clear();
    by_age_.clear();
    undo_.clear();
}

// Iterates over a copy of the keys: a read changes nothing, but a put may evict any row.
class LruEngine::Iterator final : public BytesIterator {
  public:
    Iterator(LruEngine& engine, const KeyRange& range, RowOrder order) : engine_(&engine) {
        const auto& rows = engine.rows_;
        const auto first = range.lower ? rows.lower_bound(*range.lower) : rows.begin();
        for (auto row = first; row != rows.end() && (!range.upper || row->first < *range.upper);
             ++row) {
            keys_.push_back(row->first);
        }
        if (order == RowOrder::kForward) {
            std::reverse(keys_.begin(), keys_.end());  // Returned from the back.
        }
        read();
    }

    bool valid() const override { return !keys_.empty(); }
    void next() override {
        keys_.pop_back();
        read();
    }
    BytesView key() const override { return keys_.back(); }
    BytesView value() const override { return value_; }

  private:
    void read() {
        for (; !keys_.empty(); keys_.pop_back()) {
            const auto row = engine_->rows_.find(keys_.back());
            if (row != engine_->rows_.end()) {
                value_ = row->second.value;
                return;
            }
        }
    }

    LruEngine* engine_;
    std::vector<Bytes> keys_;
    Bytes value_;
};

std::unique_ptr<BytesIterator> LruEngine::iterate(const KeyRange& range, RowOrder order) {
    return std::make_unique<Iterator>(*this, range, order);
}

}  // namespace millrace::state
