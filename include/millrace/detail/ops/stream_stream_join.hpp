// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/core/saturating.hpp"
#include "millrace/detail/nodes/callable.hpp"
#include "millrace/detail/nodes/join_type.hpp"
#include "millrace/detail/nodes/shared_per_task.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/state/unmatched_store.hpp"
#include "millrace/windows/join_windows.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

/// Calls a joiner of streams: a side that may be missing is passed as a pointer.
template <class K, class VLeft, class VRight, class F, JoinType kType>
struct StreamJoiner {
    using Out = JoinedValue<kType, F, K, VLeft, VRight>;

    F join;

    /// Requires the sides that the join type requires.
    Out operator()(const K& key, const VLeft* left, const VRight* right) {
        return join_sides<kType>(join, key, left, right);
    }
};

/// Serdes of a join's stores.
template <class K, class VLeft, class VRight>
struct JoinSerdes {
    SerdeOf<K> key{};
    SerdeOf<VLeft> left{};
    SerdeOf<VRight> right{};
};

/// Stores a stream's records for the other side of a join, after the join has processed them.
template <class K, class V>
class JoinWindowNode final : public TypedNode<K, V, K, V> {
  public:
    JoinWindowNode(std::string name, std::string store, SerdeOf<Plain<K>> key_serde,
                   SerdeOf<Plain<V>> value_serde)
        : TypedNode<K, V, K, V>(std::move(name)),
          store_name_(std::move(store)),
          key_serde_(std::move(key_serde)),
          value_serde_(std::move(value_serde)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        store_ = &open_store<WindowBytesStore>(context, *this, store_name_);
    }

    void process(const Record<K, V>& record) override {
        this->forward(record);
        const NullableBytes key = write_nullable<K>(key_serde_, record.key, key_bytes_);
        if (key) {
            store_->put(*key, record.timestamp,
                        write_nullable<V>(value_serde_, record.value, value_bytes_));
        }
    }

  private:
    std::string store_name_;
    SerdeOf<Plain<K>> key_serde_;
    SerdeOf<Plain<V>> value_serde_;
    WindowBytesStore* store_ = nullptr;
    Bytes key_bytes_;
    Bytes value_bytes_;
};

/// Names and sizes that both sides of a join need.
struct StreamJoinPlan {
    JoinWindows windows = JoinWindows::of(std::chrono::milliseconds(0));
    std::string left_store{};
    std::string right_store{};
    std::string unmatched_store{};  ///< Empty: none.
};

/// One side of a join of streams: searches matches in the other side's store.
template <class K, class VLeft, class VRight, class Joiner, JoinType kType, Side kSide>
class StreamJoinSideNode final
    : public TypedNode<K, OfSide<kSide, VLeft, VRight>, K, typename Joiner::Out> {
  public:
    using VThis = OfSide<kSide, VLeft, VRight>;
    using VOther = OfSide<kSide, VRight, VLeft>;
    using Key = Plain<K>;
    using Left = Plain<VLeft>;
    using Right = Plain<VRight>;
    using This = Plain<VThis>;
    using Other = Plain<VOther>;
    using Out = typename Joiner::Out;
    static constexpr bool kThisIsLeft = kSide == Side::kLeft;
    static constexpr bool kKeepsUnmatched =
        kType == JoinType::kOuter || (kType == JoinType::kLeft && kThisIsLeft);

    StreamJoinSideNode(std::string name, Joiner join, StreamJoinPlan plan,
                       JoinSerdes<Key, Left, Right> serdes,
                       std::shared_ptr<SharedPerTask<JoinClock>> clocks)
        : TypedNode<K, VThis, K, Out>(std::move(name)),
          join_(std::move(join)),
          plan_(std::move(plan)),
          serdes_(std::move(serdes)),
          clocks_(std::move(clocks)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        clock_ = clocks_->of(context);
        other_ = &open_store<WindowBytesStore>(context, *this,
                                               kThisIsLeft ? plan_.right_store : plan_.left_store);
        if (!plan_.unmatched_store.empty()) {
            unmatched_.open(open_store<KeyValueBytesStore>(context, *this, plan_.unmatched_store));
            emit_interval_ = unmatched_emit_interval(context);
        }
    }

    void process(const Record<K, VThis>& record) override {
        clock_->stream_time = std::max(clock_->stream_time, record.timestamp);
        if constexpr (kKeepsUnmatched) {
            const This* alone = plain_or_null(record.value);
            if (plain_or_null(record.key) == nullptr && alone != nullptr) {
                forward_joined(record, record.key, alone, nullptr, record.timestamp);
                return;
            }
        }
        const Key* key = this->key_or_drop(record);
        const This* value = key != nullptr ? this->value_or_drop(record) : nullptr;
        if (value == nullptr) {
            return;
        }
        if (unmatched_.is_open() && record.timestamp == clock_->stream_time) {
            emit_unmatched(record);
        }
        key_bytes_.clear();
        serdes_.key.serialize(*key, key_bytes_);
        join_with_kept(record, *value);
    }

  private:
    // How much earlier and later the other side's record may be.
    std::chrono::milliseconds before() const {
        return kThisIsLeft ? plan_.windows.before() : plan_.windows.after();
    }
    std::chrono::milliseconds after() const {
        return kThisIsLeft ? plan_.windows.after() : plan_.windows.before();
    }

    void join_with_kept(const Record<K, VThis>& record, const This& value) {
        const Timestamp from =
            std::max(Timestamp{}, saturating_subtract(record.timestamp, before()));
        const Timestamp to = std::max(Timestamp{}, saturating_add(record.timestamp, after()));
        bool found = false;
        const auto join_one = [&](Timestamp other_time, BytesView bytes) {
            found = true;
            other_serde().deserialize(bytes, other_value_);
            if (unmatched_.is_open()) {
                unmatched_.erase(other_time, !kThisIsLeft, key_bytes_);
            }
            forward_joined(record, record.key, &value, &other_value_,
                           std::max(record.timestamp, other_time));
        };
        other_->for_each(key_bytes_, from, to, std::cref(join_one));
        if constexpr (kKeepsUnmatched) {
            if (found) {
                return;
            }
            if (!unmatched_.is_open() || to < clock_->stream_time) {
                forward_joined(record, record.key, &value, nullptr, record.timestamp);
            } else {
                clock_->min_time = std::min(clock_->min_time, record.timestamp);
                value_bytes_.clear();
                this_serde().serialize(value, value_bytes_);
                unmatched_.add(record.timestamp, kThisIsLeft, key_bytes_, value_bytes_);
            }
        }
    }

    void emit_unmatched(const Record<K, VThis>& record) {
        const UnmatchedWindows windows{plan_.windows.before(), plan_.windows.after(),
                                       plan_.windows.grace()};
        if (!some_may_be_closed(saturating_add(after(), windows.grace))) {
            return;
        }
        const Timestamp now = this->context().wall_clock();
        const bool set_back = now < clock_->next_emit - emit_interval_;
        if (now < clock_->next_emit && !set_back) {
            return;
        }
        clock_->next_emit = now + emit_interval_;
        unmatched_.emit_closed(*clock_, windows, [&](const Unmatched& unmatched) {
            forward_unmatched(record, unmatched);
        });
    }

    // Before any record is stored, Kafka Streams' sum overflows: it searches without a result, and
    // records the time of the search.
    bool some_may_be_closed(std::chrono::milliseconds open_for) const {
        if (clock_->min_time == Timestamp::max()) {
            return open_for.count() > 0;
        }
        return saturating_add(clock_->min_time, open_for) < clock_->stream_time;
    }

    void forward_unmatched(const Record<K, VThis>& cause, const Unmatched& unmatched) {
        Key key{};
        serdes_.key.deserialize(unmatched.key, key);
        const K stream_key(std::move(key));
        if constexpr (kType != JoinType::kInner) {
            if (unmatched.is_left) {
                Left left{};
                serdes_.left.deserialize(unmatched.value, left);
                forward_out(cause, stream_key, &left, nullptr, unmatched.timestamp);
                return;
            }
        }
        if constexpr (kType == JoinType::kOuter) {
            Right right{};
            serdes_.right.deserialize(unmatched.value, right);
            forward_out(cause, stream_key, nullptr, &right, unmatched.timestamp);
        }
    }

    void forward_joined(const Record<K, VThis>& cause, const K& key, const This* mine,
                        const Other* other, Timestamp timestamp) {
        if constexpr (kThisIsLeft) {
            forward_out(cause, key, mine, other, timestamp);
        } else {
            forward_out(cause, key, other, mine, timestamp);
        }
    }

    void forward_out(const Record<K, VThis>& cause, const K& key, const Left* left,
                     const Right* right, Timestamp timestamp) {
        const Out joined = join_(key, left, right);
        this->forward({key, joined, timestamp, cause.headers});
    }

    const SerdeOf<This>& this_serde() const {
        if constexpr (kThisIsLeft) {
            return serdes_.left;
        } else {
            return serdes_.right;
        }
    }
    const SerdeOf<Other>& other_serde() const {
        if constexpr (kThisIsLeft) {
            return serdes_.right;
        } else {
            return serdes_.left;
        }
    }

    Joiner join_;
    StreamJoinPlan plan_;
    JoinSerdes<Key, Left, Right> serdes_;
    std::shared_ptr<SharedPerTask<JoinClock>> clocks_;
    std::shared_ptr<JoinClock> clock_;
    WindowBytesStore* other_ = nullptr;
    UnmatchedStore unmatched_;
    std::chrono::milliseconds emit_interval_{0};
    Bytes key_bytes_;
    Bytes value_bytes_;
    Other other_value_{};
};

/// A stream joined with itself over one store: each record is joined with the stored ones, from
/// both sides, and with itself.
template <class K, class V, class Joiner>
class SelfJoinNode final : public TypedNode<K, V, K, typename Joiner::Out> {
  public:
    using Key = Plain<K>;
    using Value = Plain<V>;
    using Out = typename Joiner::Out;

    SelfJoinNode(std::string name, Joiner join, StreamJoinPlan plan,
                 JoinSerdes<Key, Value, Value> serdes)
        : TypedNode<K, V, K, Out>(std::move(name)),
          join_(std::move(join)),
          plan_(std::move(plan)),
          serdes_(std::move(serdes)) {}

    void init(TaskContext& context) override {
        Node::init(context);
        store_ = &open_store<WindowBytesStore>(context, *this, plan_.left_store);
    }

    void process(const Record<K, V>& record) override {
        const Key* key = this->key_or_drop(record);
        const Value* value = key != nullptr ? this->value_or_drop(record) : nullptr;
        if (value == nullptr) {
            return;
        }
        stream_time_ = std::max(stream_time_, record.timestamp);
        key_bytes_.clear();
        serdes_.key.serialize(*key, key_bytes_);
        const auto before = plan_.windows.before();
        const auto after = plan_.windows.after();
        using std::chrono::milliseconds;
        bool meets_itself =
            record.timestamp > stream_time_ - plan_.windows.retention() + milliseconds(1);

        for_each_kept(saturating_subtract(record.timestamp, before),
                      saturating_add(record.timestamp, after), [&](Timestamp other_time) {
                          forward_out(record, value, &other_,
                                      std::max(record.timestamp, other_time));
                      });
        for_each_kept(saturating_subtract(record.timestamp, after),
                      saturating_add(record.timestamp, before), [&](Timestamp other_time) {
                          if (meets_itself && record.timestamp < other_time) {
                              meets_itself = false;
                              forward_out(record, value, value, record.timestamp);
                          }
                          forward_out(record, &other_, value,
                                      std::max(record.timestamp, other_time));
                      });
        if (meets_itself) {
            forward_out(record, value, value, record.timestamp);
        }
    }

  private:
    template <class F>
    void for_each_kept(Timestamp from, Timestamp to, F&& use) {
        const auto use_one = [&](Timestamp time, BytesView bytes) {
            serdes_.left.deserialize(bytes, other_);
            use(time);
        };
        store_->for_each(key_bytes_, std::max(Timestamp{}, from), std::max(Timestamp{}, to),
                         std::cref(use_one));
    }

    void forward_out(const Record<K, V>& cause, const Value* left, const Value* right,
                     Timestamp timestamp) {
        const Out joined = join_(cause.key, left, right);
        this->forward({cause.key, joined, timestamp, cause.headers});
    }

    Joiner join_;
    StreamJoinPlan plan_;
    JoinSerdes<Key, Value, Value> serdes_;
    WindowBytesStore* store_ = nullptr;
    Timestamp stream_time_ = kNoTimestamp;
    Bytes key_bytes_;
    Value other_{};
};

}  // namespace millrace::detail
