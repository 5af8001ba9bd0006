// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/serde/nullable.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

/// Converts records to changes of a table: null values delete, null keys are dropped. K and V may
/// have nulls; the table's key and value types have none.
template <class K, class V>
class TableSourceNode final : public TypedNode<K, V, Plain<K>, Change<Plain<V>>> {
  public:
    using Key = Plain<K>;
    using Value = Plain<V>;

    TableSourceNode(std::string name, std::shared_ptr<const TableState> state,
                    TableSerdes<Key, Value> serdes)
        : TypedNode<K, V, Key, Change<Value>>(std::move(name)),
          state_(std::move(state)),
          serdes_(std::move(serdes)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        if (state_->materialized) {
            stored_.emplace(state_->store, serdes_);
            stored_->open(context, *this, this->output(), state_->send_old_values);
        }
    }

    void process(const Record<K, V>& record) override {
        const Key* key = this->key_or_drop(record);
        if (key == nullptr) {
            return;
        }
        const Value* value = plain_or_null(record.value);
        if (!stored_) {
            const Change<Value> change{value};
            this->forward({*key, change, record.timestamp, record.headers});
            return;
        }
        stored_->table().seek(*key);
        const Value* old = state_->send_old_values ? stored_->table().get().value : nullptr;
        stored_->put(record, *key, value, old, record.timestamp);
    }

  private:
    std::shared_ptr<const TableState> state_;
    TableSerdes<Key, Value> serdes_;
    std::optional<StoredTable<Key, Value>> stored_;
};

}  // namespace millrace::detail
