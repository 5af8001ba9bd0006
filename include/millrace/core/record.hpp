// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"

namespace millrace {

/// One record on its way through a topology: a view, like std::string_view.
///
/// The key, the value and the headers belong to the caller and live until the call that received
/// the record returns. Copy what must live longer.
template <class K, class V>
struct Record {
    const K& key;
    const V& value;
    Timestamp timestamp;
    const Headers& headers;

    /// This record with another value; key, time and headers stay. The view refers to `other`.
    template <class VOther>
    Record<K, VOther> with_value(const VOther& other) const {
        return {key, other, timestamp, headers};
    }

    /// This record with another key; value, time and headers stay. The view refers to `other`.
    template <class KOther>
    Record<KOther, V> with_key(const KOther& other) const {
        return {other, value, timestamp, headers};
    }

    /// This record at another time.
    Record with_timestamp(Timestamp other) const { return {key, value, other, headers}; }

    /// This record with other headers. The view refers to `other`.
    Record with_headers(const Headers& other) const { return {key, value, timestamp, other}; }
};

/// Stands for a record whose key is absent and of no interest.
///
/// Grouping by key or joining a stream with this key type does not compile: there is nothing to
/// group or join on until `select_key` or `map` gives the record a key.
struct NoKey {
    bool operator==(const NoKey&) const = default;
    auto operator<=>(const NoKey&) const = default;
};

}  // namespace millrace
