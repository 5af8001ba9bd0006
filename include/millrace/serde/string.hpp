// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/serde/serde.hpp"

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace millrace {

/// The bytes unchanged. Kafka's StringSerializer writes UTF-8; the encoding is not checked.
template <>
struct Serde<std::string> : detail::BuiltInSerde<std::string> {
    static void serialize_to(const std::string& value, Bytes& out) { out += value; }
    static void deserialize_into(BytesView bytes, std::string& out) { out.assign(bytes); }
    static BytesView view(const std::string& value) noexcept { return value; }
};

/// The bytes unchanged, as with Kafka's ByteArraySerializer.
template <>
struct Serde<std::vector<std::byte>> : detail::BuiltInSerde<std::vector<std::byte>> {
    static void serialize_to(const std::vector<std::byte>& value, Bytes& out) {
        if (!value.empty()) {
            out.append(reinterpret_cast<const char*>(value.data()), value.size());
        }
    }
    static void deserialize_into(BytesView bytes, std::vector<std::byte>& out) {
        out.resize(bytes.size());
        if (!bytes.empty()) {
            std::memcpy(out.data(), bytes.data(), bytes.size());
        }
    }
};

}  // namespace millrace
