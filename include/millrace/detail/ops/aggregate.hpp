// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/aggregator.hpp"
#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/table_store.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace millrace::detail {

/// Aggregates a stream by key. Null keys and null values are dropped; the result has the latest
/// time of its records.
template <class K, class V, class Init, class F>
class AggregateNode final : public TypedNode<K, V, Plain<K>, Change<AggregateOf<Init>>> {
  public:
    using Key = Plain<K>;
    using Value = Plain<V>;
    using Agg = AggregateOf<Init>;
    using State = StateOf<Init>;
    using Result = NormalResult<Agg, F, Key, State, Value>;

    AggregateNode(std::string name, Init initial, F add, std::shared_ptr<const TableState> state,
                  TableSerdes<Key, Agg> serdes)
        : TypedNode<K, V, Key, Change<Agg>>(std::move(name)),
          initial_(std::move(initial)),
          add_(std::move(add)),
          state_(std::move(state)),
          stored_(state_->store, std::move(serdes)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        stored_.open(context, *this, this->output(), state_->send_old_values);
    }

    void process(const Record<K, V>& record) override {
        const Key* key = plain_or_null(record.key);
        const Value* value = plain_or_null(record.value);
        if (key == nullptr || value == nullptr) {
            this->context().dropped(*this, key == nullptr ? "null key" : "null value");
            return;
        }
        TableStore<Key, Agg>& table = stored_.table();
        table.seek(*key);
        const Found<Agg> old = table.get();
        if (old.value == nullptr) {
            // The old value of a new row is the initial value.
            State initial = initial_state(initial_);
            std::optional<Agg> before;
            if (const Agg* plain = plain_or_null(initial);
                plain != nullptr && state_->send_old_values) {
                before = *plain;
            }
            const Result result = call_aggregator(add_, *key, std::move(initial), *value);
            stored_.put(record, *key, plain_or_null(result), before ? &*before : nullptr,
                        record.timestamp);
            return;
        }
        const Timestamp timestamp = std::max(record.timestamp, old.timestamp);
        if (state_->send_old_values) {
            const Agg before = *old.value;
            const Result result =
                call_aggregator(add_, *key, State(std::move(table.found())), *value);
            stored_.put(record, *key, plain_or_null(result), &before, timestamp);
        } else {
            const Result result =
                call_aggregator(add_, *key, State(std::move(table.found())), *value);
            stored_.put(record, *key, plain_or_null(result), nullptr, timestamp);
        }
    }

  private:
    Init initial_;
    F add_;
    std::shared_ptr<const TableState> state_;
    StoredTable<Key, Agg> stored_;
};

/// Reduces a stream by key: the first value is the first result.
template <class K, class V, class F>
class ReduceNode final : public TypedNode<K, V, Plain<K>, Change<Plain<V>>> {
  public:
    using Key = Plain<K>;
    using Value = Plain<V>;
    using Result = NormalResult<Value, F, Key, Value, Value>;

    ReduceNode(std::string name, F reduce, std::shared_ptr<const TableState> state,
               TableSerdes<Key, Value> serdes)
        : TypedNode<K, V, Key, Change<Value>>(std::move(name)),
          reduce_(std::move(reduce)),
          state_(std::move(state)),
          stored_(state_->store, std::move(serdes)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        stored_.open(context, *this, this->output(), state_->send_old_values);
    }

    void process(const Record<K, V>& record) override {
        const Key* key = plain_or_null(record.key);
        const Value* value = plain_or_null(record.value);
        if (key == nullptr || value == nullptr) {
            this->context().dropped(*this, key == nullptr ? "null key" : "null value");
            return;
        }
        TableStore<Key, Value>& table = stored_.table();
        table.seek(*key);
        const Found<Value> old = table.get();
        if (old.value == nullptr) {
            stored_.put(record, *key, value, nullptr, record.timestamp);
            return;
        }
        std::optional<Value> before;
        if (state_->send_old_values) {
            before = *old.value;
        }
        const Result result = call_aggregator(reduce_, *key, std::move(table.found()), *value);
        stored_.put(record, *key, plain_or_null(result), before ? &*before : nullptr,
                    std::max(record.timestamp, old.timestamp));
    }

  private:
    F reduce_;
    std::shared_ptr<const TableState> state_;
    StoredTable<Key, Value> stored_;
};

/// Adds one for each record.
struct CountOne {
    template <class V>
    std::int64_t operator()(std::int64_t count, const V&) const {
        return count + 1;
    }
};

}  // namespace millrace::detail
