// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"

#include <concepts>
#include <type_traits>
#include <utility>

namespace millrace {

namespace detail {
template <class K, class V, class H>
struct HeldRecord;
}  // namespace detail

/// A record that owns its key, value and headers: a processor can keep it after the call that
/// received the record. Returned by Record::copy(); forwarded like a Record.
template <class K, class V>
using OwnedRecord = detail::HeldRecord<K, V, Headers>;

/// A record in a topology: a view, like std::string_view.
///
/// The key, the value and the headers belong to the caller and live until the call that received
/// the record returns. A copy of a Record is a view of the same key, value and headers; copy()
/// keeps the record for longer. The results of with_value, with_key and with_headers own a
/// temporary argument.
template <class K, class V>
struct Record {
    const K& key;
    const V& value;
    Timestamp timestamp;
    const Headers& headers;

    /// This record with another value and the same key, time and headers. The view refers to
    /// `other`.
    template <class VOther>
    Record<K, VOther> with_value(const VOther& other) const {
        return {key, other, timestamp, headers};
    }
    /// The same with a temporary value, which the result owns.
    template <class VOther>
        requires(!std::is_lvalue_reference_v<VOther>)
    auto with_value(VOther&& other) const {
        using Held = detail::HeldRecord<const K&, std::remove_const_t<VOther>, const Headers&>;
        return Held{key, std::forward<VOther>(other), timestamp, headers};
    }

    /// This record with another key and the same value, time and headers. The view refers to
    /// `other`.
    template <class KOther>
    Record<KOther, V> with_key(const KOther& other) const {
        return {other, value, timestamp, headers};
    }
    /// The same with a temporary key, which the result owns.
    template <class KOther>
        requires(!std::is_lvalue_reference_v<KOther>)
    auto with_key(KOther&& other) const {
        using Held = detail::HeldRecord<std::remove_const_t<KOther>, const V&, const Headers&>;
        return Held{std::forward<KOther>(other), value, timestamp, headers};
    }

    /// This record with another time.
    Record with_timestamp(Timestamp other) const { return {key, value, other, headers}; }

    /// This record with other headers. The view refers to `other`.
    Record with_headers(const Headers& other) const { return {key, value, timestamp, other}; }
    /// The same with temporary headers, which the result owns.
    auto with_headers(Headers&& other) const {
        using Held = detail::HeldRecord<const K&, const V&, Headers>;
        return Held{key, value, timestamp, std::move(other)};
    }

    /// A record that owns copies of all parts.
    OwnedRecord<K, V> copy() const { return {key, value, timestamp, headers}; }
};

/// The key type of records without a key, or whose key is not used.
///
/// Grouping by key or joining a stream with this key type does not compile, until `select_key` or
/// `map` sets a key.
struct NoKey {
    bool operator==(const NoKey&) const = default;
    auto operator<=>(const NoKey&) const = default;
};

}  // namespace millrace

#include "millrace/detail/core/held_record.hpp"
