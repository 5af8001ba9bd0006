// SPDX-License-Identifier: Apache-2.0
#include "state/engine/rocksdb/rocks_iterator.hpp"

#include <utility>

namespace millrace::state {

std::unique_ptr<rocksdb::Iterator> SpareIterator::take() {
    if (iterator_ != nullptr) {
        database_->check(iterator_->Refresh(), "read");
        return std::move(iterator_);
    }
    return std::unique_ptr<rocksdb::Iterator>(database_->db().NewIterator({}, family_));
}

RocksIterator::RocksIterator(RocksDatabase& database, std::shared_ptr<SpareIterator> spare,
                             KeyRange range, RowOrder order, BytesView prefix)
    : database_(database),
      spare_(std::move(spare)),
      rows_(spare_->take()),
      range_(std::move(range)),
      order_(order),
      prefix_(prefix) {
    const auto without_prefix = [this](const Bytes& bound) {
        return BytesView(bound).substr(prefix_.size());
    };
    if (order_ == RowOrder::kForward) {
        range_.lower ? rows_->Seek(without_prefix(*range_.lower)) : rows_->SeekToFirst();
    } else if (range_.upper && range_.upper->starts_with(prefix_)) {
        rows_->SeekForPrev(without_prefix(*range_.upper));
        if (rows_->Valid() && rows_->key() == without_prefix(*range_.upper)) {
            rows_->Prev();  // The upper end is not part of the range.
        }
    } else {
        rows_->SeekToLast();
    }
    read();
}

RocksIterator::~RocksIterator() {
    spare_->give_back(std::move(rows_));
}

void RocksIterator::next() {
    if (order_ == RowOrder::kForward) {
        rows_->Next();
    } else {
        rows_->Prev();
    }
    read();
}

void RocksIterator::read() {
    valid_ = rows_->Valid();
    if (!valid_) {
        database_.check(rows_->status(), "read");
        return;
    }
    key_ = rows_->key().ToStringView();
    if (!prefix_.empty()) {
        prefixed_key_.assign(prefix_).append(key_);
        key_ = prefixed_key_;
    }
    valid_ = order_ == RowOrder::kForward ? !range_.upper || key_ < BytesView(*range_.upper)
                                          : !range_.lower || key_ >= BytesView(*range_.lower);
}

BytesView RocksIterator::value() const {
    return rows_->value().ToStringView();
}

}  // namespace millrace::state
