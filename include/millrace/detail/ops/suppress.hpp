// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/core/saturating.hpp"
#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/state/change_buffer.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/detail/windows/windowed_forms.hpp"
#include "millrace/windows/windowed.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// The parameters of a suppression.
struct SuppressSettings {
    std::string store{};
    std::chrono::milliseconds wait{0};
    bool until_close = false;     ///< By the window's end; otherwise by the first record's time.
    bool inclusive_ends = false;  ///< Windows that are still open at their end.
    std::size_t max_records = std::numeric_limits<std::size_t>::max();
    std::size_t max_bytes = std::numeric_limits<std::size_t>::max();
    bool stop_when_full = false;
};

/// Buffers a table's changes until their window has closed or for a time, and then sends the latest
/// of each key with the context of its record. Stream time is that of this node.
template <class K, class V>
class SuppressNode final : public TypedNode<K, Change<V>, K, Change<V>> {
  public:
    SuppressNode(std::string name, SuppressSettings settings,
                 std::shared_ptr<const TopologyFlags> flags, TableSerdes<K, V> serdes)
        : TypedNode<K, Change<V>, K, Change<V>>(std::move(name)),
          settings_(std::move(settings)),
          flags_(std::move(flags)),
          serdes_(std::move(serdes)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        buffer_ = &open_store<ChangeBuffer>(context, *this, settings_.store);
        // A window that includes its end still accepts records at exactly that time. Kafka Streams
        // sends its result already then, and may send a second one.
        constexpr std::chrono::milliseconds kOne{1};
        const bool one_more =
            settings_.until_close && settings_.inclusive_ends && !flags_->reproduce_kafka_defects;
        wait_ = one_more ? saturating_add(settings_.wait, kOne) : settings_.wait;
    }

    void process(const Record<K, Change<V>>& record) override {
        stream_time_ = std::max(stream_time_, record.timestamp);
        key_bytes_.clear();
        serdes_.key.serialize(record.key, key_bytes_);
        const NullableBytes old_value = bytes_of(record.value.old_value, old_bytes_);
        const NullableBytes new_value = bytes_of(record.value.new_value, new_bytes_);
        buffer_->put(time_of(record), key_bytes_, old_value, new_value, this->context().record());
        const Timestamp due = stream_time_ - wait_;
        while (buffer_->first_time() <= due && buffer_->records() != 0) {
            emit_first();
        }
        if (!is_full()) {
            return;
        }
        if (settings_.stop_when_full) {
            throw ProcessingError(
                this->name() + " exceeds its buffer limits: " + std::to_string(buffer_->records()) +
                " changes of " + std::to_string(buffer_->bytes()) +
                " bytes; raise the limits, or shorten the windows or their grace");
        }
        while (is_full()) {
            emit_first();
        }
    }

  private:
    Timestamp time_of(const Record<K, Change<V>>& record) const {
        if constexpr (kWindowSuffix<K> != 0) {
            if (settings_.until_close) {
                return record.key.window.end;
            }
        }
        return record.timestamp;
    }

    NullableBytes bytes_of(const V* value, Bytes& memory) const {
        if (value == nullptr) {
            return std::nullopt;
        }
        memory.clear();
        serdes_.value.serialize(*value, memory);
        return BytesView(memory);
    }

    bool is_full() const {
        return buffer_->records() > settings_.max_records || buffer_->bytes() > settings_.max_bytes;
    }

    // The change stays in the buffer until it was sent: lookups in between return the previous
    // value.
    void emit_first() {
        const BufferedChange& held = buffer_->first();
        // No result was sent for a window that is deleted before its close.
        if (held.new_value || !settings_.until_close) {
            forward(held);
        }
        buffer_->pop_first();
    }

    void forward(const BufferedChange& held) {
        serdes_.key.deserialize(buffer_->first_key(), key_);
        Change<V> change;
        if (held.new_value) {
            serdes_.value.deserialize(*held.new_value, new_value_);
            change.new_value = &new_value_;
        }
        if (held.old_value) {
            serdes_.value.deserialize(*held.old_value, old_value_);
            change.old_value = &old_value_;
        }
        RecordContext cause;
        cause.timestamp = held.timestamp;
        cause.offset = held.offset;
        cause.partition = held.partition;
        cause.topic = held.topic;
        cause.headers = &held.headers;
        const RecordContext current = std::exchange(this->context().record(), cause);
        this->output().forward(this->context(), {key_, change, held.timestamp, held.headers});
        this->context().record() = current;
    }

    SuppressSettings settings_;
    std::shared_ptr<const TopologyFlags> flags_;
    TableSerdes<K, V> serdes_;
    ChangeBuffer* buffer_ = nullptr;
    std::chrono::milliseconds wait_{0};
    Timestamp stream_time_ = kNoTimestamp;
    Bytes key_bytes_;
    Bytes old_bytes_;
    Bytes new_bytes_;
    K key_{};
    V old_value_{};
    V new_value_{};
};

/// Looks a table up without the buffered changes.
template <class K, class V>
class SuppressedGetter final : public ValueGetter<K, V> {
  public:
    SuppressedGetter(std::string store, TableSerdes<K, V> serdes,
                     std::unique_ptr<ValueGetter<K, V>> above)
        : store_(std::move(store)), serdes_(std::move(serdes)), above_(std::move(above)) {}

    void init(TaskContext& context, const Node& user) override {
        above_->init(context, user);
        buffer_ = &open_store<ChangeBuffer>(context, user, store_);
    }
    Found<V> get(const K& key) override {
        key_bytes_.clear();
        serdes_.key.serialize(key, key_bytes_);
        const BufferedChange* held = buffer_->find(key_bytes_);
        if (held == nullptr) {
            return above_->get(key);
        }
        if (!held->prior_value) {
            return {};
        }
        serdes_.value.deserialize(*held->prior_value, value_);
        return {&value_, kNoTimestamp};  // Its time is no longer known.
    }

  private:
    std::string store_;
    TableSerdes<K, V> serdes_;
    std::unique_ptr<ValueGetter<K, V>> above_;
    ChangeBuffer* buffer_ = nullptr;
    Bytes key_bytes_;
    V value_{};
};

template <class K, class V>
class SuppressedOrigin final : public TableOrigin<K, V> {
  public:
    /// Requests old values from the upstream table: the first of them is what downstream nodes have
    /// seen.
    SuppressedOrigin(std::string store, TableSerdes<K, V> serdes, TableOriginPtr<K, V> above)
        : store_(std::move(store)), serdes_(std::move(serdes)), above_(std::move(above)) {
        above_->send_old_values(true);
    }

    bool send_old_values(bool force) override { return above_->send_old_values(force); }
    TableView<K, V> view() override {
        TableView<K, V> view = above_->view();
        view.stores.insert(view.stores.begin(), store_);
        view.make_getter = [store = store_, serdes = serdes_, make = view.make_getter] {
            return std::unique_ptr<ValueGetter<K, V>>(
                new SuppressedGetter<K, V>(store, serdes, make()));
        };
        return view;
    }

  private:
    std::string store_;
    TableSerdes<K, V> serdes_;
    TableOriginPtr<K, V> above_;
};

}  // namespace millrace::detail
