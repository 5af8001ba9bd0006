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

/// As OwnedRecord, of a record whose key cannot be changed.
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
    /// The same with a value that was made on the spot, which the result owns.
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

namespace detail {

/// As HeldRecord, of a record whose key cannot be changed.
template <class K, class V, class H>
class HeldFixedKeyRecord {
  public:
    using View = FixedKeyRecord<std::remove_cvref_t<K>, std::remove_cvref_t<V>>;

    explicit HeldFixedKeyRecord(HeldRecord<K, V, H> record) : record_(std::move(record)) {}

    const auto& key() const noexcept { return record_.key; }
    const auto& value() const noexcept { return record_.value; }
    Timestamp timestamp() const noexcept { return record_.timestamp; }
    const Headers& headers() const noexcept { return record_.headers; }

    /// Refers to the parts of this object.
    View view() const& noexcept { return View(record_.view()); }
    View view() && = delete;  // It would dangle: keep the record in a variable of type `auto`.
    operator View() const& noexcept { return view(); }  // NOLINT(google-explicit-constructor)
    operator View() && = delete;  // It would dangle: keep the record in a variable of type `auto`.

    template <class T>
    auto with_value(T&& other) && {
        return HeldFixedKeyRecord<K, HeldPart<T>, H>(
            std::move(record_).with_value(std::forward<T>(other)));
    }
    HeldFixedKeyRecord with_timestamp(Timestamp other) && {
        return HeldFixedKeyRecord(std::move(record_).with_timestamp(other));
    }
    template <class T>
    auto with_headers(T&& other) && {
        return HeldFixedKeyRecord<K, V, HeldPart<T>>(
            std::move(record_).with_headers(std::forward<T>(other)));
    }

    template <class T>
    auto with_value(T&& other) const& {
        return view().with_value(std::forward<T>(other));
    }
    View with_timestamp(Timestamp other) const& { return view().with_timestamp(other); }
    template <class T>
    auto with_headers(T&& other) const& {
        return view().with_headers(std::forward<T>(other));
    }

  private:
    HeldRecord<K, V, H> record_;
};

}  // namespace detail
}  // namespace millrace
