// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/state/stored_headers.hpp"
#include "millrace/core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace millrace::detail {
namespace {

// Kafka's signed varints: zigzag, seven bits per byte, lowest first.
void append_varint(std::int32_t value, Bytes& out) {
    const auto bits = static_cast<std::uint32_t>(value);
    std::uint32_t zigzag = bits << 1U ^ (value < 0 ? ~std::uint32_t{0} : 0);
    for (; zigzag >= 0x80U; zigzag >>= 7U) {
        out.push_back(static_cast<char>((zigzag & 0x7fU) | 0x80U));
    }
    out.push_back(static_cast<char>(zigzag));
}

[[noreturn]] void malformed() {
    throw SerdeError("the headers of a stored row are truncated or malformed");
}

std::int32_t take_varint(BytesView& bytes) {
    std::uint32_t zigzag = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (bytes.empty()) {
            malformed();
        }
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        zigzag |= static_cast<std::uint32_t>(byte & 0x7fU) << shift;
        if (byte < 0x80U) {
            return static_cast<std::int32_t>(zigzag >> 1U ^ (~(zigzag & 1U) + 1U));
        }
    }
    malformed();
}

BytesView take(BytesView& bytes, std::int32_t size) {
    if (size < 0 || bytes.size() < static_cast<std::size_t>(size)) {
        malformed();
    }
    const BytesView taken = bytes.substr(0, static_cast<std::size_t>(size));
    bytes.remove_prefix(taken.size());
    return taken;
}

void append_sized(BytesView bytes, Bytes& out) {
    append_varint(static_cast<std::int32_t>(bytes.size()), out);
    out.append(bytes);
}

}  // namespace

void append_stored_headers(const Headers& headers, Bytes& out) {
    if (headers.empty()) {
        append_varint(0, out);
        return;
    }
    Bytes encoded;
    append_varint(static_cast<std::int32_t>(headers.size()), encoded);
    for (const Header& header : headers) {
        append_sized(header.key, encoded);
        if (header.value) {
            append_sized(*header.value, encoded);
        } else {
            append_varint(-1, encoded);
        }
    }
    append_sized(encoded, out);
}

BytesView take_stored_headers(BytesView& row) {
    const std::int32_t size = take_varint(row);
    return take(row, size);
}

void read_stored_headers(BytesView bytes, Headers& out) {
    if (bytes.empty()) {
        return;
    }
    const std::int32_t count = take_varint(bytes);
    for (std::int32_t i = 0; i < count; ++i) {
        const std::int32_t key_size = take_varint(bytes);
        std::string key(take(bytes, key_size));
        const std::int32_t value_size = take_varint(bytes);
        NullableOwnedBytes value;
        if (value_size != -1) {
            value = Bytes(take(bytes, value_size));
        }
        out.add(std::move(key), std::move(value));
    }
    if (!bytes.empty()) {
        malformed();
    }
}

}  // namespace millrace::detail
