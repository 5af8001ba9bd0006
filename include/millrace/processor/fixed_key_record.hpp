// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/record.hpp"

#include <type_traits>
#include <utility>

namespace millrace {

namespace detail {
template <class K, class V, class H>
class HeldFixedKeyRecord;
}  // namespace detail

/// Like OwnedRecord, for a record whose key cannot be changed.
template <class K, class V>
using OwnedFixedKeyRecord = detail::HeldFixedKeyRecord<K, V, Headers>;

/// A record whose key cannot be changed. A view, like Record.
template <class K, class V>
class FixedKeyRecord {
  public:
    explicit FixedKeyRecord(const Record<K, V>& record) : record_(record) {}

    const K& key() const noexcept { return record_.key; }
    const V& value() const noexcept { return record_.value; }
    Timestamp timestamp() const noexcept { return record_.timestamp; }
    const Headers& headers() const noexcept { return record_.headers; }

    /// The view refers to `other`.
    template <class VOther>
    FixedKeyRecord<K, VOther> with_value(const VOther& other) const {
        return FixedKeyRecord<K, VOther>(record_.with_value(other));
    }
    /// The same with a temporary value, which the result owns.
    template <class VOther>
        requires(!std::is_lvalue_reference_v<VOther>)
    auto with_value(VOther&& other) const {
        return detail::HeldFixedKeyRecord(record_.with_value(std::forward<VOther>(other)));
    }
    FixedKeyRecord with_timestamp(Timestamp other) const {
        return FixedKeyRecord(record_.with_timestamp(other));
    }
    FixedKeyRecord with_headers(const Headers& other) const {
        return FixedKeyRecord(record_.with_headers(other));
    }
    auto with_headers(Headers&& other) const {
        return detail::HeldFixedKeyRecord(record_.with_headers(std::move(other)));
    }

    /// A record that owns copies of all parts.
    OwnedFixedKeyRecord<K, V> copy() const { return OwnedFixedKeyRecord<K, V>(record_.copy()); }

    const Record<K, V>& record() const noexcept { return record_; }

  private:
    Record<K, V> record_;
};

}  // namespace millrace

#include "millrace/detail/processor/held_fixed_key_record.hpp"
