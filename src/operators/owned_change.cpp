// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/serde/owned_change.hpp"

namespace millrace::detail {

void append_varint(std::int32_t number, Bytes& out) {
    std::uint32_t rest =
        (static_cast<std::uint32_t>(number) << 1U) ^ static_cast<std::uint32_t>(number >> 31);
    while (rest >= 0x80U) {
        out.push_back(static_cast<char>((rest & 0x7fU) | 0x80U));
        rest >>= 7U;
    }
    out.push_back(static_cast<char>(rest));
}

std::int32_t take_varint(BytesView& bytes) {
    constexpr std::uint32_t kLastShift = 28;
    std::uint32_t raw = 0;
    for (std::uint32_t shift = 0; shift <= kLastShift; shift += 7U) {
        if (bytes.empty()) {
            break;
        }
        const auto byte = static_cast<std::uint8_t>(bytes.front());
        bytes.remove_prefix(1);
        raw |= static_cast<std::uint32_t>(byte & 0x7fU) << shift;
        if ((byte & 0x80U) == 0) {
            return static_cast<std::int32_t>((raw >> 1U) ^ (~(raw & 1U) + 1U));
        }
    }
    throw SerdeError("not a varint");
}

ChangeParts split_change(BytesView bytes) {
    constexpr char kWithLatestFlag = 3;  // Combined with the other three.
    if (bytes.empty()) {
        throw SerdeError("not a change: no bytes");
    }
    char kind = bytes.back();
    bytes.remove_suffix(1);
    ChangeParts parts;
    if (kind >= kWithLatestFlag && kind < 2 * kWithLatestFlag && !bytes.empty()) {
        kind = static_cast<char>(kind - kWithLatestFlag);
        parts.is_latest = bytes.back() != 0;
        bytes.remove_suffix(1);
    }
    if (kind == kOnlyOldValue) {
        parts.old_value = bytes;
    } else if (kind == kOnlyNewValue) {
        parts.new_value = bytes;
    } else if (kind == kBothValues) {
        const std::int32_t size = take_varint(bytes);
        if (size < 0 || static_cast<std::size_t>(size) > bytes.size()) {
            throw SerdeError("not a change: impossible length " + std::to_string(size));
        }
        parts.new_value = bytes.substr(0, static_cast<std::size_t>(size));
        parts.old_value = bytes.substr(static_cast<std::size_t>(size));
    } else {
        throw SerdeError("not a change: unknown kind " + std::to_string(kind));
    }
    return parts;
}

}  // namespace millrace::detail
