// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/detail/testing/serde_probe.hpp"
#include "millrace/serde/serde.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace millrace::testing {

/// How check_serde looks at a serde.
template <class T>
struct SerdeCheckOptions {
    SerdeOf<T> serde{};  ///< Serde<T> unless given.

    /// For formats that ignore what follows a value, or that fill in what is missing at the end.
    bool accepts_trailing_bytes = false;
    bool accepts_truncated_bytes = false;
};

/// Tries a serde on values and returns what is wrong with it, one sentence each; empty: nothing.
/// Works in any test framework:
///
///     EXPECT_THAT(check_serde<Payment>({Payment{}, small, large}), IsEmpty());
///
/// Finds: a value that comes back different; a value that gives other bytes the second time, or
/// other ones than its equal; bytes of the buffer that are lost; an object's earlier value that
/// shows through; truncated and trailing bytes that are read as if nothing were wrong; errors that
/// are no std::exception. Values should differ in every member, and one should be empty. Under
/// AddressSanitizer, reading behind truncated bytes is found as well.
template <Serializable T>
std::vector<std::string> check_serde(std::span<const T> values,
                                     const SerdeCheckOptions<T>& options = {}) {
    const SerdeOf<T>& serde = options.serde;
    detail::SerdeProbe probe{
        .values = values.size(),
        .append = [&](std::size_t index, Bytes& out) { serde.serialize(values[index], out); },
        .read = [&](BytesView bytes) { return serde.serialize(serde.deserialize(bytes)); },
        .read_over =
            [&](BytesView held, BytesView bytes) {
                T object = serde.deserialize(held);
                serde.deserialize(bytes, object);
                return serde.serialize(object);
            },
        .accepts_trailing_bytes = options.accepts_trailing_bytes,
        .accepts_truncated_bytes = options.accepts_truncated_bytes};
    if constexpr (std::equality_comparable<T>) {
        probe.reads_as = [&](std::size_t index, BytesView bytes) {
            const T& value = values[index];
            return !(value == value) || serde.deserialize(bytes) == value;
        };
        probe.equal = [&](std::size_t one, std::size_t other) {
            return values[one] == values[other];
        };
    }
    return detail::check(probe);
}

template <Serializable T>
std::vector<std::string> check_serde(std::initializer_list<T> values,
                                     const SerdeCheckOptions<T>& options = {}) {
    return check_serde<T>(std::span<const T>(values.begin(), values.size()), options);
}

}  // namespace millrace::testing
