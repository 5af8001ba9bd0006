// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/callable.hpp"
#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/join_type.hpp"
#include "millrace/detail/nodes/table_store.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::detail {

/// Calls a joiner of tables: `left` and `right` are null if the side has no value and the join type
/// allows that.
template <class K, class VLeft, class VRight, class F, JoinType kType>
struct TableJoiner {
    using Out = Plain<JoinedValue<kType, F, K, VLeft, VRight>>;

    F join;

    /// Empty if the joiner returns null. Requires the values that the join type requires.
    std::optional<Out> operator()(const K& key, const VLeft* left, const VRight* right) {
        return join_sides<kType>(join, key, left, right);
    }

    /// The result of a row with these two sides; empty if it has none.
    std::optional<Out> row(const K& key, const VLeft* left, const VRight* right) {
        const bool has_row = kType == JoinType::kInner  ? left != nullptr && right != nullptr
                             : kType == JoinType::kLeft ? left != nullptr
                                                        : left != nullptr || right != nullptr;
        return has_row ? (*this)(key, left, right) : std::nullopt;
    }
};

/// One side of a join of tables: joins the changes of one table with the values of the other.
template <class K, class VLeft, class VRight, class Joiner, JoinType kType, Side kSide>
class TableJoinSideNode final
    : public TypedNode<K, Change<OfSide<kSide, VLeft, VRight>>, K, Change<typename Joiner::Out>> {
  public:
    using VThis = OfSide<kSide, VLeft, VRight>;
    using VOther = OfSide<kSide, VRight, VLeft>;
    using Out = typename Joiner::Out;
    static constexpr bool kThisIsLeft = kSide == Side::kLeft;

    /// `state`: whether old values are sent and whether this side's table is versioned.
    TableJoinSideNode(std::string name, Joiner join, std::unique_ptr<ValueGetter<K, VOther>> other,
                      std::shared_ptr<const TableState> state,
                      std::shared_ptr<const TableState> side_state)
        : TypedNode<K, Change<VThis>, K, Change<Out>>(std::move(name)),
          join_(std::move(join)),
          other_(std::move(other)),
          state_(std::move(state)),
          side_state_(std::move(side_state)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        other_->init(context, *this);
    }

    void process(const Record<K, Change<VThis>>& record) override {
        const Change<VThis>& change = record.value;
        if (side_state_->versioned_input && !change.is_latest) {
            this->context().dropped(*this, "out-of-order update of a versioned table");
            return;
        }
        const Found<VOther> other = other_->get(record.key);
        if (is_needless(change, other.value)) {
            return;
        }
        new_memory_ = row(record.key, change.new_value, other.value);
        old_memory_.reset();
        if (state_->send_old_values) {
            old_memory_ = row(record.key, change.old_value, other.value);
        }
        const Change<Out> joined{new_memory_ ? &*new_memory_ : nullptr,
                                 old_memory_ ? &*old_memory_ : nullptr, change.is_latest};
        const Timestamp timestamp =
            other.value != nullptr ? std::max(record.timestamp, other.timestamp) : record.timestamp;
        this->forward({record.key, joined, timestamp, record.headers});
    }

  private:
    // No row of the result can have changed.
    static bool is_needless(const Change<VThis>& change, const VOther* other) {
        if (other != nullptr) {
            return false;
        }
        const bool other_is_required =
            kType == JoinType::kInner || (kType == JoinType::kLeft && !kThisIsLeft);
        return other_is_required || (change.new_value == nullptr && change.old_value == nullptr);
    }

    std::optional<Out> row(const K& key, const VThis* mine, const VOther* other) {
        if constexpr (kThisIsLeft) {
            return join_.row(key, mine, other);
        } else {
            return join_.row(key, other, mine);
        }
    }

    Joiner join_;
    std::unique_ptr<ValueGetter<K, VOther>> other_;
    std::shared_ptr<const TableState> state_;
    std::shared_ptr<const TableState> side_state_;
    std::optional<Out> new_memory_;
    std::optional<Out> old_memory_;
};

/// Merges both sides of a join of tables; stores the result if it has a store.
template <class K, class V>
class TableMergeNode final : public TypedNode<K, Change<V>, K, Change<V>> {
  public:
    TableMergeNode(std::string name, std::shared_ptr<const TableState> state,
                   TableSerdes<K, V> serdes)
        : TypedNode<K, Change<V>, K, Change<V>>(std::move(name)),
          state_(std::move(state)),
          serdes_(std::move(serdes)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        if constexpr (Encodable<K> && Encodable<V>) {
            if (state_->materialized) {
                stored_.emplace(state_->store, serdes_);
                stored_->open(context, *this, this->output(), state_->send_old_values);
            }
        }
    }

    void process(const Record<K, Change<V>>& record) override {
        const Change<V>& change = record.value;
        if constexpr (Encodable<K> && Encodable<V>) {
            if (stored_) {
                stored_->table().seek(record.key);
                stored_->put(record, record.key, change.new_value, change.old_value,
                             record.timestamp);
                return;
            }
        }
        const Change<V> sent{change.new_value, state_->send_old_values ? change.old_value : nullptr,
                             change.is_latest};
        this->forward(record.with_value(sent));
    }

  private:
    struct NoStore {};

    std::shared_ptr<const TableState> state_;
    TableSerdes<K, V> serdes_;
    std::optional<std::conditional_t<Encodable<K> && Encodable<V>, StoredTable<K, V>, NoStore>>
        stored_;
};

/// Computes results that are not stored on demand.
template <class K, class VLeft, class VRight, class Joiner>
class JoiningGetter final : public ValueGetter<K, typename Joiner::Out> {
  public:
    using Out = typename Joiner::Out;

    JoiningGetter(Joiner join, std::unique_ptr<ValueGetter<K, VLeft>> left,
                  std::unique_ptr<ValueGetter<K, VRight>> right)
        : join_(std::move(join)), left_(std::move(left)), right_(std::move(right)) {}

    void init(TaskContext& context, const Node& user) override {
        left_->init(context, user);
        right_->init(context, user);
    }
    Found<Out> get(const K& key) override {
        const Found<VLeft> left = left_->get(key);
        const Found<VRight> right = right_->get(key);
        memory_ = join_.row(key, left.value, right.value);
        if (!memory_) {
            return {};  // Without a row there is no time, whatever its two sides have.
        }
        return {&*memory_, std::max(left.timestamp, right.timestamp)};
    }

  private:
    Joiner join_;
    std::unique_ptr<ValueGetter<K, VLeft>> left_;
    std::unique_ptr<ValueGetter<K, VRight>> right_;
    std::optional<Out> memory_;
};

template <class K, class VLeft, class VRight, class Joiner>
class JoinOrigin final : public TableOrigin<K, typename Joiner::Out> {
  public:
    using Out = typename Joiner::Out;

    JoinOrigin(Joiner join, std::shared_ptr<TableState> state, TableSerdes<K, Out> serdes,
               TableOriginPtr<K, VLeft> left, TableOriginPtr<K, VRight> right)
        : join_(std::move(join)),
          state_(std::move(state)),
          serdes_(std::move(serdes)),
          left_(std::move(left)),
          right_(std::move(right)) {}

    bool send_old_values(bool) override {
        left_->send_old_values(true);
        right_->send_old_values(true);
        state_->send_old_values = true;
        return true;
    }
    TableView<K, Out> view() override {
        if constexpr (Encodable<K> && Encodable<Out>) {
            if (state_->materialized) {
                return view_of_store<K, Out>(state_->store, serdes_);
            }
        }
        const TableView<K, VLeft> left = left_->view();
        const TableView<K, VRight> right = right_->view();
        return {
            stores_of_both(left.stores, right.stores),
            [join = join_, make_left = left.make_getter, make_right = right.make_getter] {
                return std::unique_ptr<ValueGetter<K, Out>>(
                    new JoiningGetter<K, VLeft, VRight, Joiner>(join, make_left(), make_right()));
            }};
    }

  private:
    Joiner join_;
    std::shared_ptr<TableState> state_;
    TableSerdes<K, Out> serdes_;
    TableOriginPtr<K, VLeft> left_;
    TableOriginPtr<K, VRight> right_;
};

}  // namespace millrace::detail
