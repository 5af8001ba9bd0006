// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/callable.hpp"
#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/ops/stream_table_join.hpp"
#include "millrace/detail/serde/foreign_key.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::detail {

/// The foreign key of a left row; empty: none.
template <class K, class V, class F>
using ForeignKeyOf = Plain<RecordResult<F, K, V>>;

/// Left side: converts changes of left rows to subscriptions, and sends them to the tasks of the
/// right rows.
template <class K, class V, class KOther, class F, JoinType kType>
class SubscriptionSendNode final
    : public TypedNode<K, Change<V>, std::optional<KOther>, Subscription<K>> {
  public:
    SubscriptionSendNode(std::string name, F extract, SerdeOf<KOther> foreign_serde,
                         SerdeOf<V> value_serde, std::shared_ptr<const TableState> side)
        : TypedNode<K, Change<V>, std::optional<KOther>, Subscription<K>>(std::move(name)),
          extract_(std::move(extract)),
          foreign_serde_(std::move(foreign_serde)),
          value_serde_(std::move(value_serde)),
          side_(std::move(side)) {}

    void process(const Record<K, Change<V>>& record) override {
        const Change<V>& change = record.value;
        if (side_->versioned_input && !change.is_latest) {
            this->context().dropped(*this, "out-of-order update of a versioned table");
            return;
        }
        if (change.new_value == nullptr && change.old_value == nullptr) {
            return;
        }
        const std::optional<KOther> before = foreign_key(record.key, change.old_value);
        const std::optional<KOther> after = foreign_key(record.key, change.new_value);
        hash_.reset();
        if (change.new_value != nullptr) {
            bytes_.clear();
            value_serde_.serialize(*change.new_value, bytes_);
            hash_ = hash_of(bytes_);
        }
        if constexpr (kType == JoinType::kLeft) {
            if (before && differ(before, after)) {
                send(record, before, Instruction::kDeleteSilently);
            }
            send(record, after, Instruction::kAnswerEvenIfMissing);
        } else {
            subscribe(record, before, after);
        }
    }

  private:
    void subscribe(const Record<K, Change<V>>& record, const std::optional<KOther>& before,
                   const std::optional<KOther>& after) {
        const bool moved = before && after && differ(before, after);
        if (before && !after) {
            send(record, before, Instruction::kDeleteAndAnswer);
        } else if (moved) {
            send(record, before, Instruction::kDeleteSilently);
        }
        if (after) {
            send(record, after,
                 moved ? Instruction::kAnswerEvenIfMissing : Instruction::kAnswerIfThere);
        } else if (record.value.new_value != nullptr) {
            this->context().dropped(*this, "null foreign key");
        }
    }

    std::optional<KOther> foreign_key(const K& key, const V* value) {
        if (value == nullptr) {
            return std::nullopt;
        }
        return call_with_record(extract_, key, *value);
    }

    // Keys are equal if their bytes are.
    bool differ(const std::optional<KOther>& a, const std::optional<KOther>& b) const {
        Bytes a_bytes;
        Bytes b_bytes;
        return write_nullable<std::optional<KOther>>(foreign_serde_, a, a_bytes) !=
               write_nullable<std::optional<KOther>>(foreign_serde_, b, b_bytes);
    }

    void send(const Record<K, Change<V>>& cause, const std::optional<KOther>& foreign_key,
              Instruction instruction) {
        const Partition partition = std::max(0, this->context().record().partition);
        const Subscription<K> subscription{hash_, instruction, cause.key, partition};
        this->forward({foreign_key, subscription, cause.timestamp, cause.headers});
    }

    F extract_;
    SerdeOf<KOther> foreign_serde_;
    SerdeOf<V> value_serde_;
    std::shared_ptr<const TableState> side_;
    std::optional<ValueHash> hash_;
    Bytes bytes_;
};

/// Right side: stores subscriptions by foreign and primary key.
template <class K, class KOther>
class SubscriptionReceiveNode final : public TypedNode<std::optional<KOther>, Subscription<K>,
                                                       std::optional<KOther>, Subscription<K>> {
  public:
    using Base =
        TypedNode<std::optional<KOther>, Subscription<K>, std::optional<KOther>, Subscription<K>>;

    SubscriptionReceiveNode(std::string name, std::string store, SerdeOf<KOther> foreign_serde,
                            SerdeOf<K> key_serde)
        : Base(std::move(name)),
          store_name_(std::move(store)),
          foreign_serde_(std::move(foreign_serde)),
          key_serde_(key_serde),
          subscription_serde_(std::make_shared<SubscriptionSerde<K>>(key_serde)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        store_ = &open_store<KeyValueBytesStore>(context, *this, store_name_);
    }

    void process(const Record<std::optional<KOther>, Subscription<K>>& record) override {
        const Subscription<K>& subscription = record.value;
        if (!record.key) {
            if (subscription.instruction != Instruction::kAnswerEvenIfMissing) {
                this->context().dropped(*this, "null foreign key");
                return;
            }
        } else {
            keep(*record.key, subscription, record.timestamp);
        }
        this->forward(record);
    }

  private:
    void keep(const KOther& foreign_key, const Subscription<K>& subscription, Timestamp timestamp) {
        key_.clear();
        Bytes foreign;
        foreign_serde_.serialize(foreign_key, foreign);
        write_foreign_prefix(foreign, key_);
        key_serde_.serialize(subscription.primary_key, key_);
        if (subscription.instruction == Instruction::kDeleteSilently ||
            subscription.instruction == Instruction::kDeleteAndAnswer) {
            store_->put(key_, std::nullopt);
            return;
        }
        write_timestamped<Subscription<K>>(subscription_serde_, subscription, timestamp, value_);
        store_->put(key_, BytesView(value_));
    }

    std::string store_name_;
    SerdeOf<KOther> foreign_serde_;
    SerdeOf<K> key_serde_;
    SerdeOf<Subscription<K>> subscription_serde_;
    KeyValueBytesStore* store_ = nullptr;
    Bytes key_;
    Bytes value_;
};

/// Right side: responds to a new subscription with the current right row.
template <class K, class KOther, class VOther>
class SubscriptionAnswerNode final
    : public TypedNode<std::optional<KOther>, Subscription<K>, K, SubscriptionResponse<VOther>> {
  public:
    using Base = TypedNode<std::optional<KOther>, Subscription<K>, K, SubscriptionResponse<VOther>>;

    SubscriptionAnswerNode(std::string name, std::unique_ptr<ValueGetter<KOther, VOther>> table)
        : Base(std::move(name)), table_(std::move(table)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        table_->init(context, *this);
    }

    void process(const Record<std::optional<KOther>, Subscription<K>>& record) override {
        const Subscription<K>& subscription = record.value;
        const Found<VOther> found = record.key ? table_->get(*record.key) : Found<VOther>{};
        const bool answers =
            subscription.instruction != Instruction::kDeleteSilently &&
            (subscription.instruction != Instruction::kAnswerIfThere || found.value != nullptr);
        if (!answers) {
            return;
        }
        SubscriptionResponse<VOther> response{subscription.hash, std::nullopt,
                                              subscription.partition};
        if (found.value != nullptr && subscription.instruction != Instruction::kDeleteAndAnswer) {
            response.value = *found.value;
        }
        this->forward({subscription.primary_key, response,
                       std::max(record.timestamp, found.timestamp), record.headers});
    }

  private:
    std::unique_ptr<ValueGetter<KOther, VOther>> table_;
};

/// Right side: responds to all subscribers of a right row that changed.
template <class K, class KOther, class VOther>
class ForeignChangeNode final
    : public TypedNode<KOther, Change<VOther>, K, SubscriptionResponse<VOther>> {
  public:
    ForeignChangeNode(std::string name, std::string store, SerdeOf<KOther> foreign_serde,
                      SerdeOf<K> key_serde, std::shared_ptr<const TableState> side)
        : TypedNode<KOther, Change<VOther>, K, SubscriptionResponse<VOther>>(std::move(name)),
          store_name_(std::move(store)),
          foreign_serde_(std::move(foreign_serde)),
          key_serde_(key_serde),
          subscription_serde_(std::make_shared<SubscriptionSerde<K>>(key_serde)),
          side_(std::move(side)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        store_ = &open_store<KeyValueBytesStore>(context, *this, store_name_);
    }

    void process(const Record<KOther, Change<VOther>>& record) override {
        if (side_->versioned_input && !record.value.is_latest) {
            this->context().dropped(*this, "out-of-order update of a versioned table");
            return;
        }
        Bytes foreign;
        foreign_serde_.serialize(record.key, foreign);
        Bytes prefix;
        write_foreign_prefix(foreign, prefix);
        SubscriptionResponse<VOther> response;
        if (record.value.new_value != nullptr) {
            response.value = *record.value.new_value;
        }
        Subscription<K> subscription;
        K primary_key{};
        for (const auto row = store_->prefix_scan(prefix); row->valid(); row->next()) {
            key_serde_.deserialize(primary_key_in(row->key()), primary_key);
            read_timestamped<Subscription<K>>(subscription_serde_, row->value(), subscription);
            response.hash = subscription.hash;
            response.partition = subscription.partition;
            this->forward({primary_key, response, record.timestamp, record.headers});
        }
    }

  private:
    std::string store_name_;
    SerdeOf<KOther> foreign_serde_;
    SerdeOf<K> key_serde_;
    SerdeOf<Subscription<K>> subscription_serde_;
    std::shared_ptr<const TableState> side_;
    KeyValueBytesStore* store_ = nullptr;
};

/// Left side again: joins a response with the left row, unless the row has changed since the
/// subscription.
template <class K, class V, class VOther, class VOut, class F, JoinType kType>
class ResponseJoinNode final
    : public TypedNode<K, SubscriptionResponse<VOther>, K, std::optional<VOut>> {
  public:
    ResponseJoinNode(std::string name, F join, std::unique_ptr<ValueGetter<K, V>> table,
                     SerdeOf<V> value_serde)
        : TypedNode<K, SubscriptionResponse<VOther>, K, std::optional<VOut>>(std::move(name)),
          join_(std::move(join)),
          table_(std::move(table)),
          value_serde_(std::move(value_serde)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        table_->init(context, *this);
    }

    void process(const Record<K, SubscriptionResponse<VOther>>& record) override {
        const Found<V> current = table_->get(record.key);
        std::optional<ValueHash> hash;
        if (current.value != nullptr) {
            bytes_.clear();
            value_serde_.serialize(*current.value, bytes_);
            hash = hash_of(bytes_);
        }
        if (hash != record.value.hash) {
            this->context().dropped(*this, "response to an outdated subscription");
            return;
        }
        const std::optional<VOther>& other = record.value.value;
        std::optional<VOut> joined;
        if (current.value != nullptr) {
            if constexpr (kType == JoinType::kLeft) {
                joined = call_joiner(join_, record.key, *current.value,
                                     static_cast<const VOther*>(other ? &*other : nullptr));
            } else if (other) {
                joined = call_joiner(join_, record.key, *current.value, *other);
            }
        }
        this->forward(record.with_value(joined));
    }

  private:
    F join_;
    std::unique_ptr<ValueGetter<K, V>> table_;
    SerdeOf<V> value_serde_;
    Bytes bytes_;
};

}  // namespace millrace::detail
