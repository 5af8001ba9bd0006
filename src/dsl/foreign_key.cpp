// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/serde/foreign_key.hpp"

#include "millrace/core/error.hpp"
#include "millrace/serde/primitives.hpp"

#include <bit>
#include <cstddef>

namespace millrace::detail {
namespace {

constexpr std::uint64_t kSeed = 104729;  // Kafka's seed.
constexpr std::uint64_t kC1 = 0x87c37b91114253d5ULL;
constexpr std::uint64_t kC2 = 0x4cf5ad432745937fULL;
constexpr std::size_t kBlock = 16;

std::uint64_t little_endian(BytesView bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        value = value << 8U | static_cast<std::uint8_t>(bytes[i]);
    }
    return value;
}

std::uint64_t finish(std::uint64_t h) {
    h ^= h >> 33U;
    h *= 0xff51afd7ed558ccdULL;
    h ^= h >> 33U;
    h *= 0xc4ceb9fe1a85ec53ULL;
    return h ^ (h >> 33U);
}

std::uint64_t mix1(std::uint64_t k) {
    return std::rotl(k * kC1, 31) * kC2;
}
std::uint64_t mix2(std::uint64_t k) {
    return std::rotl(k * kC2, 33) * kC1;
}

constexpr std::size_t kHashSize = 16;
constexpr std::size_t kPartitionSize = 4;
constexpr std::uint8_t kNoHash = 0x80;
constexpr std::uint8_t kVersionMask = 0x7f;
constexpr std::uint8_t kVersionWithPartition = 1;

[[noreturn]] void malformed(const char* what) {
    throw SerdeError(std::string("malformed foreign-key ") + what);
}

void write_hash(const ValueHash& hash, Bytes& out) {
    append_big_endian(hash[0], out);
    append_big_endian(hash[1], out);
}

// Removes version and hash from the front and returns the version.
std::uint8_t take_head(BytesView& bytes, std::optional<ValueHash>& hash, bool with_instruction,
                       Instruction& instruction, const char* what) {
    if (bytes.size() < (with_instruction ? 2U : 1U)) {
        malformed(what);
    }
    const auto first = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (with_instruction) {
        const auto code = static_cast<std::uint8_t>(bytes.front());
        bytes.remove_prefix(1);
        if (code > static_cast<std::uint8_t>(Instruction::kAnswerIfThere)) {
            malformed(what);
        }
        instruction = static_cast<Instruction>(code);
    }
    hash.reset();
    if ((first & kNoHash) == 0) {
        if (bytes.size() < kHashSize) {
            malformed(what);
        }
        hash = ValueHash{read_big_endian<std::uint64_t>(bytes.data()),
                         read_big_endian<std::uint64_t>(bytes.data() + sizeof(std::uint64_t))};
        bytes.remove_prefix(kHashSize);
    }
    return first & kVersionMask;
}

}  // namespace

ValueHash hash_of(BytesView bytes) {
    std::uint64_t h1 = kSeed;
    std::uint64_t h2 = kSeed;
    const std::uint64_t size = bytes.size();
    for (; bytes.size() >= kBlock; bytes.remove_prefix(kBlock)) {
        h1 ^= mix1(little_endian(bytes.substr(0, 8)));
        h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729ULL;
        h2 ^= mix2(little_endian(bytes.substr(8, 8)));
        h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5ULL;
    }
    if (bytes.size() > 8) {
        h2 ^= mix2(little_endian(bytes.substr(8)));
    }
    if (!bytes.empty()) {
        h1 ^= mix1(little_endian(bytes.substr(0, 8)));
    }
    h1 ^= size;
    h2 ^= size;
    h1 += h2;
    h2 += h1;
    h1 = finish(h1);
    h2 = finish(h2);
    h1 += h2;
    h2 += h1;
    return {h1, h2};
}

void write_subscription(const SubscriptionParts& parts, Bytes& out) {
    const std::uint8_t version = kVersionWithPartition;
    out.push_back(static_cast<char>(parts.hash ? version : version | kNoHash));
    out.push_back(static_cast<char>(parts.instruction));
    if (parts.hash) {
        write_hash(*parts.hash, out);
    }
    out += parts.primary_key;
    append_big_endian(parts.partition.value_or(0), out);
}

SubscriptionParts read_subscription(BytesView bytes) {
    SubscriptionParts parts;
    const std::uint8_t version =
        take_head(bytes, parts.hash, true, parts.instruction, "subscription");
    if (version > kVersionWithPartition) {
        throw SerdeError("foreign-key subscription of a newer version: " + std::to_string(version));
    }
    parts.primary_key = bytes;
    if (version == kVersionWithPartition) {
        if (bytes.size() < kPartitionSize) {
            malformed("subscription");
        }
        parts.primary_key = bytes.substr(0, bytes.size() - kPartitionSize);
        parts.partition = read_big_endian<Partition>(bytes.data() + parts.primary_key.size());
    }
    return parts;
}

void write_response_head(const std::optional<ValueHash>& hash, Bytes& out) {
    out.push_back(hash ? '\0' : static_cast<char>(kNoHash));
    if (hash) {
        write_hash(*hash, out);
    }
}

ResponseParts read_response(BytesView bytes) {
    ResponseParts parts;
    Instruction none{};
    if (take_head(bytes, parts.hash, false, none, "response") != 0) {
        throw SerdeError("foreign-key response of a newer version");
    }
    parts.value = bytes;
    return parts;
}

void write_foreign_prefix(BytesView foreign_key, Bytes& out) {
    append_big_endian(static_cast<std::int32_t>(foreign_key.size()), out);
    out += foreign_key;
}

BytesView primary_key_in(BytesView combined) {
    constexpr std::size_t kSizeBytes = 4;
    if (combined.size() < kSizeBytes) {
        malformed("subscription key");
    }
    const auto size = static_cast<std::size_t>(read_big_endian<std::uint32_t>(combined.data()));
    if (combined.size() - kSizeBytes < size) {
        malformed("subscription key");
    }
    return combined.substr(kSizeBytes + size);
}

}  // namespace millrace::detail
