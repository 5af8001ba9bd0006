// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/callable.hpp"
#include "millrace/detail/nodes/join_type.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "millrace/detail/nodes/table.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// The lookup key is the key of the stream's record.
template <class K>
struct SameKey {
    template <class V>
    const K& operator()(const K& key, const V&) const {
        return key;
    }
};

/// Looks each record of a stream up in a table. The joiner gets the table's value as VTable const&
/// (inner) or VTable const* (left; null: no match).
template <class K, class V, class KLookup, class VTable, class VOut, class SelectKey, class F,
          JoinType kType>
class StreamTableJoinNode : public TypedNode<K, V, K, VOut> {
  public:
    StreamTableJoinNode(std::string name, SelectKey select, F join,
                        std::unique_ptr<ValueGetter<KLookup, VTable>> table)
        : TypedNode<K, V, K, VOut>(std::move(name)),
          select_(std::move(select)),
          join_(std::move(join)),
          table_(std::move(table)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        table_->init(context, *this);
    }

    void process(const Record<K, V>& record) override {
        const Plain<V>* value = this->value_or_drop(record);
        if (value == nullptr) {
            return;
        }
        const auto& selected = select_(record.key, *value);
        const KLookup* key = plain_or_null(selected);
        if (key == nullptr && kType == JoinType::kInner) {
            this->context().dropped(*this, "null join key");
            return;
        }
        const VTable* match = key == nullptr ? nullptr : find(*key, record.timestamp);
        if constexpr (kType == JoinType::kInner) {
            if (match != nullptr) {
                const VOut& joined = call_joiner(join_, record.key, *value, *match);
                this->forward(record.with_value(joined));
            }
        } else {
            const VOut& joined = call_joiner(join_, record.key, *value, match);
            this->forward(record.with_value(joined));
        }
    }

  private:
    const VTable* find(const KLookup& key, Timestamp at) {
        return (table_->has_versions() ? table_->get_as_of(key, at) : table_->get(key)).value;
    }

    SelectKey select_;
    F join_;
    std::unique_ptr<ValueGetter<KLookup, VTable>> table_;
};

}  // namespace millrace::detail
