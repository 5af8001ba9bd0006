// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/detail/serde/big_endian.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace::fuzz {

/// Decodes `input`, which may be any bytes. Only defects escape: another exception than the
/// decoder's documented one, a failed expect(), a crash, a hang, a huge allocation.
using Decode = void (*)(BytesView input);

struct Target {
    const char* name;  ///< Also the folder of its corpus.
    Decode decode;
};

/// All targets.
std::span<const Target> targets();

/// Aborts with `what` unless `holds`.
void expect(bool holds, const char* what);

/// Calls `decode`. False if it refuses the bytes with the documented exception.
template <class Documented, class Work>
bool accepts(const Work& decode) {
    try {
        decode();
        return true;
    } catch (const Documented&) {
        return false;
    }
}

/// Takes parts of the input, for targets that need more than one; zeros and empty parts after its
/// end.
class Fields {
  public:
    explicit Fields(BytesView input) : rest_(input) {}

    bool done() const { return rest_.empty(); }

    template <std::integral T>
    T number() {
        char bytes[sizeof(T)] = {};
        take(sizeof(T)).copy(bytes, sizeof(T));
        return detail::read_big_endian<T>(bytes);
    }

    /// A number below `end`.
    std::size_t below(std::size_t end) { return number<std::uint8_t>() % end; }

    /// Up to 255 bytes, after their size.
    BytesView bytes() { return take(number<std::uint8_t>()); }

    /// The same; null for the size 255.
    NullableBytes nullable() {
        const auto size = number<std::uint8_t>();
        return size == 255 ? NullableBytes() : take(size);
    }

    /// Up to 65,535 bytes, after their size.
    BytesView long_bytes() { return take(number<std::uint16_t>()); }

    BytesView rest() { return take(rest_.size()); }

  private:
    BytesView take(std::size_t size) {
        const BytesView taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    BytesView rest_;
};

}  // namespace millrace::fuzz
