// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/callable.hpp"
#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/table_store.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

/// Computes a table's value from that of the upstream table; empty: the row is not in the result.
/// The common part of filter and map_values of tables; Op is one of the two below.
template <class K, class V, class F>
class TableFilterOp {
  public:
    using Out = V;
    static constexpr bool kIsFilter = true;

    TableFilterOp(F predicate, OnMatch on_match)
        : predicate_(std::move(predicate)), wanted_(on_match == OnMatch::kKeep) {}

    /// `memory` owns the value that the result points to.
    const V* operator()(const K& key, const V* value, std::optional<V>& memory) {
        static_cast<void>(memory);
        const bool passes = value != nullptr &&
                            static_cast<bool>(call_with_record(predicate_, key, *value)) == wanted_;
        return passes ? value : nullptr;
    }

  private:
    F predicate_;
    bool wanted_;
};

template <class K, class V, class F>
class TableMapOp {
  public:
    using Out = Plain<RecordResult<F, K, V>>;
    static constexpr bool kIsFilter = false;

    explicit TableMapOp(F map) : map_(std::move(map)) {}

    const Out* operator()(const K& key, const V* value, std::optional<Out>& memory) {
        if (value == nullptr) {
            return nullptr;
        }
        memory = call_with_record(map_, key, *value);
        return memory ? &*memory : nullptr;
    }

  private:
    F map_;
};

template <class K, class V, class Op>
class TableValuesNode final : public TypedNode<K, Change<V>, K, Change<typename Op::Out>> {
  public:
    using Out = typename Op::Out;

    TableValuesNode(std::string name, Op op, std::shared_ptr<const TableState> state,
                    TableSerdes<K, Out> serdes)
        : TypedNode<K, Change<V>, K, Change<Out>>(std::move(name)),
          op_(std::move(op)),
          state_(std::move(state)),
          serdes_(std::move(serdes)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        if constexpr (requires { op_.init(context, *this); }) {
            op_.init(context, *this);
        }
        if constexpr (Encodable<K> && Encodable<Out>) {
            if (state_->materialized) {
                stored_.emplace(state_->store, serdes_);
                stored_->open(context, *this, this->output(), state_->send_old_values);
            }
        }
    }

    void process(const Record<K, Change<V>>& record) override {
        const Out* new_value = op_(record.key, record.value.new_value, new_memory_);
        if constexpr (Encodable<K> && Encodable<Out>) {
            if (stored_) {
                process_stored(record, new_value);
                return;
            }
        }
        const Out* old_value = state_->send_old_values
                                   ? op_(record.key, record.value.old_value, old_memory_)
                                   : nullptr;
        if (is_needless(new_value, old_value)) {
            return;
        }
        const Change<Out> change{new_value, old_value, record.value.is_latest};
        this->forward(record.with_value(change));
    }

    void close() override {
        if constexpr (requires { op_.close(); }) {
            op_.close();
        }
    }

  private:
    void process_stored(const Record<K, Change<V>>& record, const Out* new_value) {
        stored_->table().seek(record.key);
        const Out* old_value = state_->send_old_values ? stored_->table().get().value : nullptr;
        if (!is_needless(new_value, old_value)) {
            stored_->put(record, record.key, new_value, old_value, record.timestamp);
        }
    }

    // The row was filtered out before and still is: downstream nodes have not seen it.
    bool is_needless(const Out* new_value, const Out* old_value) const {
        return Op::kIsFilter && !state_->versioned_input && state_->send_old_values &&
               new_value == nullptr && old_value == nullptr;
    }

    struct NoStore {};
    using Stored = std::optional<
        std::conditional_t<Encodable<K> && Encodable<Out>, StoredTable<K, Out>, NoStore>>;

    Op op_;
    std::shared_ptr<const TableState> state_;
    TableSerdes<K, Out> serdes_;
    Stored stored_;
    std::optional<Out> new_memory_;
    std::optional<Out> old_memory_;
};

/// Computes values that are not stored from the upstream table.
template <class K, class V, class Op>
class ComputingGetter final : public ValueGetter<K, typename Op::Out> {
  public:
    using Out = typename Op::Out;

    ComputingGetter(Op op, std::unique_ptr<ValueGetter<K, V>> above)
        : op_(std::move(op)), above_(std::move(above)) {}

    void init(TaskContext& context, const Node& user) override {
        above_->init(context, user);
        if constexpr (requires { op_.init(context, user); }) {
            op_.init(context, user);
        }
    }
    Found<Out> get(const K& key) override { return computed(key, above_->get(key)); }
    Found<Out> get_as_of(const K& key, Timestamp as_of) override {
        return computed(key, above_->get_as_of(key, as_of));
    }
    bool has_versions() const override { return above_->has_versions(); }

  private:
    Found<Out> computed(const K& key, const Found<V>& found) {
        const Out* value = op_(key, found.value, memory_);
        return {value, value != nullptr ? found.timestamp : kNoTimestamp};
    }

    Op op_;
    std::unique_ptr<ValueGetter<K, V>> above_;
    std::optional<Out> memory_;
};

/// A filtered or mapped table: without a store unless it has a store name.
template <class K, class V, class Op>
class ComputedOrigin final : public TableOrigin<K, typename Op::Out> {
  public:
    using Out = typename Op::Out;

    ComputedOrigin(Op op, std::shared_ptr<TableState> state, TableSerdes<K, Out> serdes,
                   TableOriginPtr<K, V> above)
        : op_(std::move(op)),
          state_(std::move(state)),
          serdes_(std::move(serdes)),
          above_(std::move(above)) {
        if constexpr (Op::kIsFilter) {
            state_->send_old_values = above_->send_old_values(false);
        }
    }

    bool send_old_values(bool force) override {
        if (state_->materialized || above_->send_old_values(force)) {
            state_->send_old_values = true;
        }
        return state_->send_old_values;
    }
    TableView<K, Out> view() override {
        if constexpr (Encodable<K> && Encodable<Out>) {
            if (state_->materialized) {
                return view_of_store<K, Out>(state_->store, serdes_);
            }
        }
        const TableView<K, V> above = above_->view();
        return {above.stores, [op = op_, make = above.make_getter] {
                    return std::unique_ptr<ValueGetter<K, Out>>(
                        new ComputingGetter<K, V, Op>(op, make()));
                }};
    }

  private:
    Op op_;
    std::shared_ptr<TableState> state_;
    TableSerdes<K, Out> serdes_;
    TableOriginPtr<K, V> above_;
};

/// A table's changes as a stream of its new values. VOut is V, or optional if rows can be deleted.
template <class K, class V, class VOut>
class TableToStreamNode final : public TypedNode<K, Change<V>, K, VOut> {
  public:
    using TypedNode<K, Change<V>, K, VOut>::TypedNode;

    void process(const Record<K, Change<V>>& record) override {
        const V* value = record.value.new_value;
        if constexpr (kIsNullable<VOut>) {
            if (value == nullptr) {
                memory_.reset();
            } else {
                memory_ = *value;
            }
            this->forward(record.with_value(memory_));
        } else if (value != nullptr) {
            this->forward(record.with_value(*value));
        }
    }

  private:
    struct Nothing {};
    std::conditional_t<kIsNullable<VOut>, VOut, Nothing> memory_{};
};

}  // namespace millrace::detail
