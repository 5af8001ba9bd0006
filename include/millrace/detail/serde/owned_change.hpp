// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/core/erased_value.hpp"
#include "millrace/serde/serde.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

/// A change of a table, for a repartition topic.
template <class V>
struct OwnedChange {
    std::optional<V> new_value{};
    std::optional<V> old_value{};
    bool is_latest = true;
};

template <class V>
struct ErasureOf<OwnedChange<V>> {
    static ErasedValue of(const OwnedChange<V>& change) {
        return {typeid(OwnedChange<V>), &change, typeid(V),
                change.new_value ? &*change.new_value : nullptr,
                change.old_value ? &*change.old_value : nullptr};
    }
};

/// Appends a zigzag varint in the format of org.apache.kafka.common.utils.ByteUtils.
void append_varint(std::int32_t number, Bytes& out);

/// Reads a zigzag varint from the front of `bytes`. Throws SerdeError.
std::int32_t take_varint(BytesView& bytes);

/// How the bytes of a change are split into its values.
struct ChangeParts {
    NullableBytes new_value{};
    NullableBytes old_value{};
    bool is_latest = true;
};

/// Reads the format of Kafka Streams' ChangedSerializer (docs/formats). Throws SerdeError.
ChangeParts split_change(BytesView bytes);

inline constexpr char kOnlyOldValue = 0;
inline constexpr char kOnlyNewValue = 1;
inline constexpr char kBothValues = 2;

template <class V>
void serialize_change(const SerdeOf<V>& serde, const OwnedChange<V>& change, Bytes& out) {
    if (change.new_value && change.old_value) {
        Bytes new_bytes;
        serde.serialize(*change.new_value, new_bytes);
        append_varint(static_cast<std::int32_t>(new_bytes.size()), out);
        out += new_bytes;
        serde.serialize(*change.old_value, out);
        out += kBothValues;
    } else if (change.new_value) {
        serde.serialize(*change.new_value, out);
        out += kOnlyNewValue;
    } else if (change.old_value) {
        serde.serialize(*change.old_value, out);
        out += kOnlyOldValue;
    } else {
        throw SerdeError("a change with neither old nor new value");
    }
}

template <class V>
void deserialize_change(const SerdeOf<V>& serde, BytesView bytes, OwnedChange<V>& out) {
    const ChangeParts parts = split_change(bytes);
    const auto read = [&serde](const NullableBytes& from, std::optional<V>& to) {
        if (!from) {
            to.reset();
            return;
        }
        if (!to) {
            to.emplace();
        }
        serde.deserialize(*from, *to);
    };
    read(parts.new_value, out.new_value);
    read(parts.old_value, out.old_value);
    out.is_latest = parts.is_latest;
}

template <class V>
class OwnedChangeSerde final : public FastCustomSerde<OwnedChange<V>> {
  public:
    explicit OwnedChangeSerde(SerdeOf<V> inner) : inner_(std::move(inner)) {}

    void serialize_to(const OwnedChange<V>& value, Bytes& out) const override {
        serialize_change(inner_, value, out);
    }
    void deserialize_into(BytesView bytes, OwnedChange<V>& out) const override {
        deserialize_change(inner_, bytes, out);
    }

  private:
    SerdeOf<V> inner_;
};

template <class V>
SerdeOf<OwnedChange<V>> change_serde(SerdeOf<V> inner) {
    return std::make_shared<OwnedChangeSerde<V>>(std::move(inner));
}

}  // namespace millrace::detail

namespace millrace {

template <class V>
struct Serde<detail::OwnedChange<V>> : detail::BuiltInSerde<detail::OwnedChange<V>> {
    static void serialize_to(const detail::OwnedChange<V>& value, Bytes& out) {
        detail::serialize_change(SerdeOf<V>(), value, out);
    }
    static void deserialize_into(BytesView bytes, detail::OwnedChange<V>& out) {
        detail::deserialize_change(SerdeOf<V>(), bytes, out);
    }
};

}  // namespace millrace
