// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/core/held_record.hpp"
#include "millrace/processor/fixed_key_record.hpp"

#include <type_traits>
#include <utility>

namespace millrace::detail {

/// Like HeldRecord, for a record whose key cannot be changed.
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

}  // namespace millrace::detail
