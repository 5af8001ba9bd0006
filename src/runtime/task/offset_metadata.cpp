// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/offset_metadata.hpp"

#include "core/log.hpp"
#include "millrace/core/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace millrace::runtime {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kVersion = 2;

void append_big_endian(Bytes& out, std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>((value >> shift) & 0xff));
    }
}

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

/// Reads big-endian numbers and names from the front of some bytes.
class Reader {
  public:
    explicit Reader(BytesView bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }

    std::optional<std::uint64_t> number(std::size_t size) {
        const auto bytes = take(size);
        if (!bytes) {
            return std::nullopt;
        }
        std::uint64_t value = 0;
        for (const char c : *bytes) {
            value = value << 8 | static_cast<unsigned char>(c);
        }
        return value;
    }

    std::optional<Timestamp> time() {
        const auto value = number(8);
        return value ? std::optional(timestamp_of(static_cast<std::int64_t>(*value)))
                     : std::nullopt;
    }

    std::optional<BytesView> take(std::size_t size) {
        if (size > bytes_.size()) {
            return std::nullopt;
        }
        const BytesView taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }

  private:
    BytesView bytes_;
};

std::optional<ProcessorTimes> read_processor_times(Reader& reader) {
    ProcessorTimes times;
    if (reader.empty()) {
        return times;
    }
    const auto count = reader.number(4);
    for (std::uint64_t i = 0; count && i < *count; ++i) {
        const auto length = reader.number(4);
        const auto name = length ? reader.take(*length) : std::nullopt;
        const auto time = reader.time();
        if (!name || !time) {
            return std::nullopt;
        }
        times.insert_or_assign(std::string(*name), *time);
    }
    return count ? std::optional(std::move(times)) : std::nullopt;
}

std::optional<OffsetMetadata> read(std::string_view text) {
    const auto bytes = from_base64(text);
    if (!bytes) {
        return std::nullopt;
    }
    Reader reader(*bytes);
    const auto version = reader.number(1);
    const auto partition_time = reader.time();
    if (!version || !partition_time || *version < 1 || *version > 2) {
        return std::nullopt;
    }
    if (*version == 1) {
        return OffsetMetadata{.partition_time = *partition_time};
    }
    auto times = read_processor_times(reader);
    if (!times) {
        return std::nullopt;
    }
    return OffsetMetadata{.partition_time = *partition_time, .processor_times = std::move(*times)};
}

}  // namespace

std::string encode(Timestamp partition_time, const ProcessorTimes& processor_times) {
    Bytes bytes(1, kVersion);
    append_big_endian(bytes, static_cast<std::uint64_t>(milliseconds_of(partition_time)), 8);
    if (!processor_times.empty()) {
        append_big_endian(bytes, processor_times.size(), 4);
        for (const auto& [store, time] : processor_times) {
            append_big_endian(bytes, store.size(), 4);
            bytes += store;
            append_big_endian(bytes, static_cast<std::uint64_t>(milliseconds_of(time)), 8);
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
