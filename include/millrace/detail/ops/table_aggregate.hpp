// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/callable.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/ops/aggregate_step.hpp"
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

/// Aggregates a grouped table: subtracts the old value of a change, then adds the new one. `Step`
/// is an AggregateStep or a ReduceStep.
template <class K, class V, class Step, class Subtract>
class TableAggregateNode final
    : public TypedNode<K, OwnedChange<V>, K, Change<typename Step::Agg>> {
  public:
    using Agg = typename Step::Agg;

    TableAggregateNode(std::string name, Step step, Subtract subtract,
                       std::shared_ptr<const TableState> state, TableSerdes<K, Agg> serdes)
        : TypedNode<K, OwnedChange<V>, K, Change<Agg>>(std::move(name)),
          step_(std::move(step)),
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
            aggregate =
                call_aggregator(subtract_, record.key,
                                typename Step::Argument(std::move(*aggregate)), *change.old_value);
            timestamp = std::max(timestamp, old.timestamp);
        }
        if (change.new_value) {
            aggregate =
                step_(record.key, aggregate ? &*aggregate : nullptr, *change.new_value, nullptr);
            if (old.value != nullptr) {
                timestamp = std::max(timestamp, old.timestamp);
            }
        }
        stored_.put(record, record.key, aggregate ? &*aggregate : nullptr, old.value, timestamp);
    }

  private:
    Step step_;
    Subtract subtract_;
    std::shared_ptr<const TableState> state_;
    StoredTable<K, Agg> stored_;
};

}  // namespace millrace::detail
