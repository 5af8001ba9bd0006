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

/// How check_serde tests a serde.
template <class T>
struct SerdeCheckOptions {
    SerdeOf<T> serde{};  ///< Default Serde<T>.

    /// For formats that ignore trailing bytes, or that fill in missing bytes at the end.
    bool accepts_trailing_bytes = false;
    bool accepts_truncated_bytes = false;
};

/// Tests a serde with values and returns one sentence for each problem; empty: no problem. Works
/// with any test framework:
///
///     EXPECT_THAT(check_serde<Payment>({Payment{}, small, large}), IsEmpty());
///
/// Finds: values that change in a round trip; bytes that differ between calls or between equal
/// values; lost bytes of the buffer; parts of an object's earlier value; truncated and trailing
/// bytes that are accepted; exceptions that are not derived from std::exception. The values should
/// differ in every member, and one should be empty. Under AddressSanitizer, reads beyond truncated
/// bytes are found as well.
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
