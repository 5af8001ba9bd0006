// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/ops/aggregate_step.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

/// Aggregates a stream by key. Null keys and null values are dropped; the result has the latest
/// time of its records. `Step` is an AggregateStep or a ReduceStep.
template <class K, class V, class Step>
class AggregateNode final : public TypedNode<K, V, Plain<K>, Change<typename Step::Agg>> {
  public:
    using Key = Plain<K>;
    using Agg = typename Step::Agg;

    AggregateNode(std::string name, Step step, std::shared_ptr<const TableState> state,
                  TableSerdes<Key, Agg> serdes)
        : TypedNode<K, V, Key, Change<Agg>>(std::move(name)),
          step_(std::move(step)),
          state_(std::move(state)),
          stored_(state_->store, std::move(serdes)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        stored_.open(context, *this, this->output(), state_->send_old_values);
    }

    void process(const Record<K, V>& record) override {
        const Key* key = this->key_or_drop(record);
        const Plain<V>* value = key != nullptr ? this->value_or_drop(record) : nullptr;
        if (value == nullptr) {
            return;
        }
        TableStore<Key, Agg>& table = stored_.table();
        table.seek(*key);
        const Found<Agg> old = table.get();
        const bool is_new = old.value == nullptr;
        std::optional<Agg> before;
        const typename Step::Result result = step_(*key, is_new ? nullptr : &table.found(), *value,
                                                   state_->send_old_values ? &before : nullptr);
        stored_.put(record, *key, plain_or_null(result), before ? &*before : nullptr,
                    is_new ? record.timestamp : std::max(record.timestamp, old.timestamp));
    }

  private:
    Step step_;
    std::shared_ptr<const TableState> state_;
    StoredTable<Key, Agg> stored_;
};

}  // namespace millrace::detail
