// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/ops/stream_table_join.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/detail/state/record_buffer.hpp"
#include "millrace/serde/serde.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace millrace::detail {

/// The buffer of stream records for a join with grace.
template <class K, class V>
struct GraceSettings {
    std::chrono::milliseconds grace{0};
    std::string store{};
    SerdeOf<Plain<K>> key_serde{};
    SerdeOf<Plain<V>> value_serde{};
};

/// Looks records up in a versioned table when stream time is `grace` ahead of them: the table may
/// be late by that much. Later records, and records without a key, are looked up at once.
template <class K, class V, class VTable, class VOut, class F, JoinType kType>
class GraceJoinNode final
    : public StreamTableJoinNode<K, V, Plain<K>, VTable, VOut, SameKey<K>, F, kType> {
  public:
    using Base = StreamTableJoinNode<K, V, Plain<K>, VTable, VOut, SameKey<K>, F, kType>;

    GraceJoinNode(std::string name, F joiner, std::unique_ptr<ValueGetter<Plain<K>, VTable>> table,
                  GraceSettings<K, V> settings)
        : Base(std::move(name), SameKey<K>{}, std::move(joiner), std::move(table)),
          settings_(std::move(settings)) {}

    void init(TaskContext& context) override {
        Base::init(context);
        buffer_.open(open_store<KeyValueBytesStore>(context, *this, settings_.store));
    }

    void process(const Record<K, V>& record) override {
        const Plain<K>* key = plain_or_null(record.key);
        const Plain<V>* value = plain_or_null(record.value);
        if (key == nullptr || value == nullptr || !add(record, *key, *value)) {
            Base::process(record);
            return;
        }
        buffer_.emit_due(settings_.grace, [this](const BufferedRecord& waited) { join(waited); });
    }

  private:
    bool add(const Record<K, V>& record, const Plain<K>& key, const Plain<V>& value) {
        key_bytes_.clear();
        settings_.key_serde.serialize(key, key_bytes_);
        value_bytes_.clear();
        settings_.value_serde.serialize(value, value_bytes_);
        const RecordContext& context = this->context().record();
        return buffer_.add({key_bytes_, value_bytes_, record.timestamp, context.offset,
                            context.topic != nullptr ? *context.topic : std::string(),
                            context.partition, record.headers},
                           settings_.grace);
    }

    // As if the record arrived now, with its original position.
    void join(const BufferedRecord& waited) {
        K key{};
        V value{};
        settings_.key_serde.deserialize(waited.key, plain_in(key));
        settings_.value_serde.deserialize(waited.value, plain_in(value));
        RecordContext context;
        context.timestamp = waited.timestamp;
        context.offset = waited.offset;
        context.partition = waited.partition;
        context.topic = waited.topic.empty() ? nullptr : &waited.topic;
        context.headers = &waited.headers;
        const RecordContext current = std::exchange(this->context().record(), context);
        Base::process({key, value, waited.timestamp, waited.headers});
        this->context().record() = current;
    }

    template <class T>
    static T& plain_in(T& value) {
        return value;
    }
    template <class T>
    static T& plain_in(std::optional<T>& value) {
        return value.emplace();
    }

    GraceSettings<K, V> settings_;
    RecordBuffer buffer_;
    Bytes key_bytes_;
    Bytes value_bytes_;
};

}  // namespace millrace::detail
