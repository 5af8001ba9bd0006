// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace millrace::testing::detail {

/// A serde and the values to test it with, by index.
struct SerdeProbe {
    std::size_t values = 0;
    std::function<void(std::size_t, Bytes&)> append{};

    /// The bytes of the value when it is read into a new object, or into one that contains another
    /// value.
    std::function<Bytes(BytesView)> read{};
    std::function<Bytes(BytesView held, BytesView)> read_over{};

    /// Whether the value at the index equals the deserialised bytes, or the value at the other
    /// index.
    std::function<bool(std::size_t, BytesView)> reads_as{};
    std::function<bool(std::size_t, std::size_t)> equal{};

    bool accepts_trailing_bytes = false;
    bool accepts_truncated_bytes = false;
};

std::vector<std::string> check(const SerdeProbe& probe);

}  // namespace millrace::testing::detail
