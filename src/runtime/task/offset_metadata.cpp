// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/offset_metadata.hpp"

#include "core/byte_reader.hpp"
#include "core/log.hpp"
#include "millrace/core/bytes.hpp"
#include "millrace/detail/serde/times.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace millrace::runtime {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kVersion = 2;

std::string to_base64(BytesView bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8 | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            text.push_back(k <= left ? kAlphabet[group >> (18 - 6 * k) & 0x3f] : '=');
        }
    }
    return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    while (!text.empty() && text.back() == '=') {
        text.remove_suffix(1);
    }
    Bytes bytes;
    std::uint32_t group = 0;
    int bits = 0;
    for (const char c : text) {
        const std::size_t digit = kAlphabet.find(c);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        group = group << 6 | static_cast<std::uint32_t>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<char>(group >> bits & 0xff));
        }
    }
    return bytes;
}

/// Not metadata of Kafka Streams, whatever other application wrote it.
struct Foreign {};

struct ThrowForeign {
    [[noreturn]] void operator()() const { throw Foreign(); }
};

class Reader : public ByteReader<ThrowForeign> {
  public:
    using ByteReader::ByteReader;

    Timestamp time() { return timestamp_of(number<std::int64_t>()); }
};

ProcessorTimes read_processor_times(Reader& reader) {
    ProcessorTimes times;
    if (reader.done()) {
        return times;
    }
    for (auto left = reader.number<std::uint32_t>(); left > 0; --left) {
        std::string name(reader.sized<std::uint32_t>());
        times.insert_or_assign(std::move(name), reader.time());
    }
    return times;
}

std::optional<OffsetMetadata> read(std::string_view text) {
    const auto bytes = from_base64(text);
    if (!bytes) {
        return std::nullopt;
    }
    try {
        Reader reader(*bytes);
        const auto version = reader.number<std::uint8_t>();
        if (version < 1 || version > 2) {
            return std::nullopt;
        }
        OffsetMetadata read{.partition_time = reader.time()};
        if (version == 2) {
            read.processor_times = read_processor_times(reader);
        }
        return read;
    } catch (const Foreign&) {
        return std::nullopt;
    }
}

}  // namespace

std::string encode(Timestamp partition_time, const ProcessorTimes& processor_times) {
    Bytes bytes(1, kVersion);
    detail::append_time(partition_time, bytes);
    if (!processor_times.empty()) {
        detail::append_big_endian(static_cast<std::uint32_t>(processor_times.size()), bytes);
        for (const auto& [store, time] : processor_times) {
            detail::append_big_endian(static_cast<std::uint32_t>(store.size()), bytes);
            bytes += store;
            detail::append_time(time, bytes);
        }
    }
    return to_base64(bytes);
}

OffsetMetadata decode_offset_metadata(std::string_view text) {
    if (text.empty()) {
        return {};
    }
    if (auto metadata = read(text)) {
        return std::move(*metadata);
    }
    log::warn("ignoring unknown offset metadata: " + std::string(text));
    return {};
}

}  // namespace millrace::runtime
