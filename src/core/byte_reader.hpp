// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

namespace millrace {

/// Reads a binary format from the front. Numbers are big-endian.
///
/// `Fail` throws the error of the format when the input is too short. The
/// bytes must outlive the reader and the views that it returns.
template <std::invocable Fail>
class ByteReader {
  public:
    explicit ByteReader(BytesView bytes, Fail fail = {}) : rest_(bytes), fail_(std::move(fail)) {}

    BytesView take(std::size_t size) {
        if (rest_.size() < size) {
            fail();
        }
        const BytesView taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    /// A number of sizeof(Integer) bytes.
    template <std::integral Integer>
    Integer number() {
        std::uint64_t bits = 0;
        for (const char byte : take(sizeof(Integer))) {
            bits = bits << 8U | static_cast<std::uint8_t>(byte);
        }
        return static_cast<Integer>(bits);
    }

    /// Length-prefixed bytes; the length is an unsigned `Length`.
    template <std::unsigned_integral Length>
    BytesView sized() {
        return take(number<Length>());
    }

    /// Length-prefixed bytes; a negative length stands for null.
    NullableBytes nullable() {
        const auto size = number<std::int32_t>();
        return size < 0 ? NullableBytes() : take(static_cast<std::size_t>(size));
    }

    BytesView rest() const noexcept { return rest_; }
    bool done() const noexcept { return rest_.empty(); }

    /// Throws the error of the format.
    [[noreturn]] void fail() const {
        fail_();
        std::terminate();  // Not reached.
    }

  private:
    BytesView rest_;
    Fail fail_;
};

}  // namespace millrace
