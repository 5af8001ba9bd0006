// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/state/row_range.hpp"
#include "millrace/detail/state/stored_value.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/value_and_timestamp.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

/// Typed rows over rows of bytes, read one by one. `Row` has a key and a value; what else it has is
/// filled in by its read_place(rows, row).
template <class K, class V, class BytesRows, class Row>
class TypedRows : public RowRange<TypedRows<K, V, BytesRows, Row>, Row> {
  public:
    using ValueSerde = typename StoredValue<V>::Serde;

    TypedRows(std::unique_ptr<BytesRows> rows, SerdeOf<K> key_serde, ValueSerde value_serde)
        : rows_(std::move(rows)),
          key_serde_(std::move(key_serde)),
          value_serde_(std::move(value_serde)) {
        read();
    }

    bool valid() const { return rows_->valid(); }

    /// Requires valid().
    void next() {
        rows_->next();
        read();
    }

    /// Requires valid(). Valid until the next call of next().
    const Row& row() const noexcept { return row_; }

  private:
    void read() {
        if (rows_->valid()) {
            key_serde_.deserialize(rows_->key(), row_.key);
            Access::read_place(*rows_, row_);
            StoredValue<V>::read(value_serde_, rows_->value(), row_.value);
        }
    }

    std::unique_ptr<BytesRows> rows_;
    SerdeOf<K> key_serde_;
    ValueSerde value_serde_;
    Row row_;
};

/// The common part of typed stores: the bytes store, serdes, and memory that calls reuse.
template <class K, class V, class BytesStore, class Rows>
class StoreFace {
  public:
    using Key = K;
    using Value = V;
    using ValueSerde = typename StoredValue<V>::Serde;
    using Iterator = Rows;

    const std::string& name() const { return store_->name(); }

    /// Below the serdes.
    BytesStore& bytes() const noexcept { return *store_; }

  protected:
    StoreFace(BytesStore& store, SerdeOf<K> key_serde, ValueSerde value_serde)
        : store_(&store), key_serde_(std::move(key_serde)), value_serde_(std::move(value_serde)) {}
    ~StoreFace() = default;
    StoreFace(const StoreFace&) = default;
    StoreFace& operator=(const StoreFace&) = default;
    StoreFace(StoreFace&&) noexcept = default;
    StoreFace& operator=(StoreFace&&) noexcept = default;

    /// Valid until the next call.
    BytesView bytes_of(const K& key) const { return key_serde_.bytes_of(key, key_bytes_); }

    /// Valid until the next call.
    BytesView bytes_of_value(const V& value) {
        value_bytes_.clear();
        StoredValue<V>::write(value_serde_, value, value_bytes_);
        return value_bytes_;
    }

    /// False if there is nothing to read; `out` is unchanged then.
    bool read(const NullableBytes& bytes, V& out) const {
        if (!bytes) {
            return false;
        }
        StoredValue<V>::read(value_serde_, *bytes, out);
        return true;
    }

    /// A range bound, in `bytes`; empty: open.
    NullableBytes bound(const std::optional<K>& key, Bytes& bytes) const {
        if (!key) {
            return std::nullopt;
        }
        key_serde_.serialize(*key, bytes);
        return BytesView(bytes);
    }

    template <class BytesRows>
    Rows typed(std::unique_ptr<BytesRows> rows) const {
        return Rows(std::move(rows), key_serde_, value_serde_);
    }

    BytesStore& store() const noexcept { return *store_; }

  private:
    BytesStore* store_;
    SerdeOf<K> key_serde_;
    ValueSerde value_serde_;
    mutable Bytes key_bytes_;
    Bytes value_bytes_;
};

}  // namespace millrace::detail
