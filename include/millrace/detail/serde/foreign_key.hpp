// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/serde/serde.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace millrace::detail {

/// Distinguishes versions of a row: 128-bit Murmur3 of its serialised value.
using ValueHash = std::array<std::uint64_t, 2>;
ValueHash hash_of(BytesView bytes);

/// The instruction of a subscription.
enum class Instruction : std::uint8_t {
    kDeleteSilently = 0,
    kDeleteAndAnswer = 1,
    kAnswerEvenIfMissing = 2,
    kAnswerIfThere = 3,
};

/// A subscription of a left row to a right row, sent to the task that has the right row.
template <class K>
struct Subscription {
    std::optional<ValueHash> hash{};  ///< Hash of the left value; empty: it was deleted.
    Instruction instruction = Instruction::kAnswerIfThere;
    K primary_key{};
    /// Partition of the left row, to which the response is sent.
    std::optional<Partition> partition{};
};

/// A response: a right value, sent to a left row.
template <class V>
struct SubscriptionResponse {
    std::optional<ValueHash> hash{};  ///< Hash of the left value of the subscription.
    std::optional<V> value{};
    std::optional<Partition> partition{};  ///< The target partition; not serialised.
};

/// Both without their types, in the format of Kafka Streams (docs/formats).
struct SubscriptionParts {
    std::optional<ValueHash> hash{};
    Instruction instruction = Instruction::kAnswerIfThere;
    BytesView primary_key{};
    std::optional<Partition> partition{};
};
void write_subscription(const SubscriptionParts& parts, Bytes& out);
SubscriptionParts read_subscription(BytesView bytes);  ///< Throws SerdeError.

struct ResponseParts {
    std::optional<ValueHash> hash{};
    BytesView value{};  ///< Empty: null.
};
void write_response_head(const std::optional<ValueHash>& hash, Bytes& out);
ResponseParts read_response(BytesView bytes);  ///< Throws SerdeError.

/// The key of a subscription store: size and bytes of the foreign key, then the primary key.
void write_foreign_prefix(BytesView foreign_key, Bytes& out);
BytesView primary_key_in(BytesView combined);  ///< Throws SerdeError.

template <class K>
class SubscriptionSerde final : public FastCustomSerde<Subscription<K>> {
  public:
    explicit SubscriptionSerde(SerdeOf<K> key_serde) : key_serde_(std::move(key_serde)) {}

    void serialize_to(const Subscription<K>& value, Bytes& out) const override {
        Bytes key;
        key_serde_.serialize(value.primary_key, key);
        write_subscription({value.hash, value.instruction, key, value.partition}, out);
    }
    void deserialize_into(BytesView bytes, Subscription<K>& out) const override {
        const SubscriptionParts parts = read_subscription(bytes);
        out.hash = parts.hash;
        out.instruction = parts.instruction;
        key_serde_.deserialize(parts.primary_key, out.primary_key);
        out.partition = parts.partition;
    }

  private:
    SerdeOf<K> key_serde_;
};

template <class V>
class SubscriptionResponseSerde final : public FastCustomSerde<SubscriptionResponse<V>> {
  public:
    explicit SubscriptionResponseSerde(SerdeOf<V> value_serde)
        : value_serde_(std::move(value_serde)) {}

    void serialize_to(const SubscriptionResponse<V>& value, Bytes& out) const override {
        write_response_head(value.hash, out);
        if (value.value) {
            value_serde_.serialize(*value.value, out);
        }
    }
    void deserialize_into(BytesView bytes, SubscriptionResponse<V>& out) const override {
        const ResponseParts parts = read_response(bytes);
        out.hash = parts.hash;
        out.partition.reset();
        out.value.reset();
        if (!parts.value.empty()) {
            value_serde_.deserialize(parts.value, out.value.emplace());
        }
    }

  private:
    SerdeOf<V> value_serde_;
};

}  // namespace millrace::detail

namespace millrace {

template <class K>
struct Serde<detail::Subscription<K>> : detail::BuiltInSerde<detail::Subscription<K>> {
    static void serialize_to(const detail::Subscription<K>& value, Bytes& out) {
        detail::SubscriptionSerde<K>(SerdeOf<K>()).serialize_to(value, out);
    }
    static void deserialize_into(BytesView bytes, detail::Subscription<K>& out) {
        detail::SubscriptionSerde<K>(SerdeOf<K>()).deserialize_into(bytes, out);
    }
};

template <class V>
struct Serde<detail::SubscriptionResponse<V>>
    : detail::BuiltInSerde<detail::SubscriptionResponse<V>> {
    static void serialize_to(const detail::SubscriptionResponse<V>& value, Bytes& out) {
        detail::SubscriptionResponseSerde<V>(SerdeOf<V>()).serialize_to(value, out);
    }
    static void deserialize_into(BytesView bytes, detail::SubscriptionResponse<V>& out) {
        detail::SubscriptionResponseSerde<V>(SerdeOf<V>()).deserialize_into(bytes, out);
    }
};

}  // namespace millrace
