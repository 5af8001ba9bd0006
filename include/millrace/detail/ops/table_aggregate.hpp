// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/aggregator.hpp"
#include "millrace/detail/nodes/callable.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/serde/owned_change.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

/// Sends a table's changes to their groups: if the group changes, as two changes. A row whose
/// selector returns no key or no value is in no group.
template <class K, class V, class KOut, class VOut, class F>
class TableGroupNode final : public TypedNode<K, Change<V>, KOut, OwnedChange<VOut>> {
  public:
    TableGroupNode(std::string name, F select, std::shared_ptr<const TableState> state)
        : TypedNode<K, Change<V>, KOut, OwnedChange<VOut>>(std::move(name)),
          select_(std::move(select)),
          state_(std::move(state)) {}

    void process(const Record<K, Change<V>>& record) override {
        const Change<V>& change = record.value;
        if (state_->versioned_input && !change.is_latest) {
            return;
        }
        Row new_row = row_of(record.key, change.new_value);
        Row old_row = row_of(record.key, change.old_value);
        if (old_row && new_row && old_row->first == new_row->first) {
            send(record, old_row->first,
                 {std::move(new_row->second), std::move(old_row->second), change.is_latest});
            return;
        }
        if (old_row) {
            send(record, old_row->first,
                 {std::nullopt, std::move(old_row->second), change.is_latest});
        }
        if (new_row) {
            send(record, new_row->first,
                 {std::move(new_row->second), std::nullopt, change.is_latest});
        }
    }

  private:
    using Row = std::optional<std::pair<KOut, VOut>>;

    Row row_of(const K& key, const V* value) {
        if (value == nullptr) {
            return std::nullopt;
        }
        const auto& [group, selected] = call_with_record(select_, key, *value);
        const KOut* plain_key = plain_or_null(group);
        const VOut* plain_value = plain_or_null(selected);
        if (plain_key == nullptr || plain_value == nullptr) {
            return std::nullopt;
        }
        return Row(std::in_place, *plain_key, *plain_value);
    }

    void send(const Record<K, Change<V>>& cause, const KOut& key, const OwnedChange<VOut>& change) {
        this->forward({key, change, cause.timestamp, cause.headers});
    }

    F select_;
    std::shared_ptr<const TableState> state_;
};

/// Aggregates a grouped table: subtracts the old value of a change, then adds the new one.
template <class K, class V, class Init, class Add, class Subtract>
class TableAggregateNode final : public TypedNode<K, OwnedChange<V>, K, Change<AggregateOf<Init>>> {
  public:
    using Agg = AggregateOf<Init>;
    using State = StateOf<Init>;

    TableAggregateNode(std::string name, Init initial, Add add, Subtract subtract,
                       std::shared_ptr<const TableState> state, TableSerdes<K, Agg> serdes)
        : TypedNode<K, OwnedChange<V>, K, Change<Agg>>(std::move(name)),
          initial_(std::move(initial)),
          add_(std::move(add)),
          subtract_(std::move(subtract)),
          state_(std::move(state)),
          stored_(state_->store, std::move(serdes)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        stored_.open(context, *this, this->output(), state_->send_old_values);
    }

    void process(const Record<K, OwnedChange<V>>& record) override {
        const OwnedChange<V>& change = record.value;
        stored_.table().seek(record.key);
        const Found<Agg> old = stored_.table().get();
        std::optional<Agg> aggregate;
        if (old.value != nullptr) {
            aggregate = *old.value;
        }
        Timestamp timestamp = record.timestamp;
        if (change.old_value && aggregate) {
            aggregate = call_aggregator(subtract_, record.key, State(std::move(*aggregate)),
                                        *change.old_value);
            timestamp = std::max(timestamp, old.timestamp);
        }
        if (change.new_value) {
            State state = aggregate ? State(std::move(*aggregate)) : initial_state(initial_);
            aggregate = call_aggregator(add_, record.key, std::move(state), *change.new_value);
            if (old.value != nullptr) {
                timestamp = std::max(timestamp, old.timestamp);
            }
        }
        stored_.put(record, record.key, aggregate ? &*aggregate : nullptr, old.value, timestamp);
    }

  private:
    Init initial_;
    Add add_;
    Subtract subtract_;
    std::shared_ptr<const TableState> state_;
    StoredTable<K, Agg> stored_;
};

/// Reduces a grouped table: the first value is the first result.
template <class K, class V, class Add, class Subtract>
class TableReduceNode final : public TypedNode<K, OwnedChange<V>, K, Change<V>> {
  public:
    TableReduceNode(std::string name, Add add, Subtract subtract,
                    std::shared_ptr<const TableState> state, TableSerdes<K, V> serdes)
        : TypedNode<K, OwnedChange<V>, K, Change<V>>(std::move(name)),
          add_(std::move(add)),
          subtract_(std::move(subtract)),
          state_(std::move(state)),
          stored_(state_->store, std::move(serdes)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        stored_.open(context, *this, this->output(), state_->send_old_values);
    }

    void process(const Record<K, OwnedChange<V>>& record) override {
        const OwnedChange<V>& change = record.value;
        stored_.table().seek(record.key);
        const Found<V> old = stored_.table().get();
        std::optional<V> aggregate;
        if (old.value != nullptr) {
            aggregate = *old.value;
        }
        Timestamp timestamp = record.timestamp;
        if (change.old_value && aggregate) {
            aggregate =
                call_aggregator(subtract_, record.key, std::move(*aggregate), *change.old_value);
            timestamp = std::max(timestamp, old.timestamp);
        }
        if (change.new_value) {
            if (aggregate) {
                aggregate =
                    call_aggregator(add_, record.key, std::move(*aggregate), *change.new_value);
                timestamp = std::max(timestamp, old.timestamp);
            } else {
                aggregate = *change.new_value;
            }
        }
        stored_.put(record, record.key, aggregate ? &*aggregate : nullptr, old.value, timestamp);
    }

  private:
    Add add_;
    Subtract subtract_;
    std::shared_ptr<const TableState> state_;
    StoredTable<K, V> stored_;
};

struct SubtractOne {
    template <class V>
    std::int64_t operator()(std::int64_t count, const V&) const {
        return count - 1;
    }
};

}  // namespace millrace::detail
