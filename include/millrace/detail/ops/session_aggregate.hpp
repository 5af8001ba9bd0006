// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/core/saturating.hpp"
#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/ops/aggregate_step.hpp"
#include "millrace/detail/ops/final_results.hpp"
#include "millrace/detail/ops/windowed_table.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/windowed.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace::detail {

/// Reads the key of a session store in the format of cache and changelog: key, end, start.
template <class K>
struct SessionKeyReader {
    SerdeOf<K> serde{};

    void operator()(BytesView bytes, SessionWindowed<K>& out) const {
        deserialize_windowed(serde, std::chrono::milliseconds(0), bytes, out);
    }
    Timestamp time_of(const SessionWindowed<K>& key) const { return key.window.end; }
};

/// A node's access to the aggregates of its sessions.
template <class K, class V>
class SessionTable final : public RowsOfKey<K, V, SessionBytesStore> {
  public:
    using RowsOfKey<K, V, SessionBytesStore>::RowsOfKey;

    struct Row {
        SessionWindow session{};
        V value{};
    };

    /// Replaces `rows` by the key's sessions that overlap `span`.
    void find(SessionWindow span, std::vector<Row>& rows) {
        rows.clear();
        const auto take = [&](SessionWindow session, BytesView value) {
            Row& row = rows.emplace_back();
            row.session = session;
            this->serdes().value.deserialize(value, row.value);
        };
        this->bytes().for_each(this->key_bytes(), span.start, span.end, std::cref(take));
    }

    /// The aggregate of one session, in this object's memory until the next call; null: none.
    const V* get(SessionWindow session) {
        const NullableBytes bytes = this->bytes().fetch_session(this->key_bytes(), session);
        if (!bytes) {
            return nullptr;
        }
        this->serdes().value.deserialize(*bytes, value_);
        return &value_;
    }

    void remove(SessionWindow session) { this->bytes().remove(this->key_bytes(), session); }

    /// Null deletes the row.
    void put(SessionWindow session, const V* value) {
        if (value == nullptr) {
            this->bytes().put(this->key_bytes(), session, std::nullopt);
        } else {
            this->bytes().put(this->key_bytes(), session, bytes_of(*value));
        }
    }

    /// See SessionBytesStore.
    bool extend(SessionWindow from, SessionWindow to, const V& value) {
        return this->bytes().extend(this->key_bytes(), from, to, bytes_of(value));
    }

  private:
    BytesView bytes_of(const V& value) {
        value_bytes_.clear();
        this->serdes().value.serialize(value, value_bytes_);
        return value_bytes_;
    }

    Bytes value_bytes_;
    V value_{};
};

/// Sends each session's aggregate once, when the session has closed.
template <class Key, class Agg>
class FinalSessions {
  public:
    FinalSessions(std::string store, TableSerdes<Key, Agg> serdes)
        : clock_(std::move(store)), serdes_(std::move(serdes)) {}

    void open(TaskContext& context, SessionBytesStore& store,
              const Output<SessionWindowed<Key>, Change<Agg>>& output, bool throttled) {
        context_ = &context;
        store_ = &store;
        output_ = &output;
        clock_.open(context, throttled);
    }

    /// A session includes both ends: it has closed if its end is before `close_time`.
    void emit(Timestamp close_time, const Headers& headers) {
        const Timestamp last = saturating_subtract(close_time, std::chrono::milliseconds(1));
        const Timestamp first = std::max(Timestamp{}, clock_.last());
        if (!clock_.is_due(close_time) || last < first) {
            return;
        }
        std::vector<std::tuple<SessionWindow, Bytes, Bytes>> rows;
        for (const auto found = store_->find_ended(first, last); found->valid(); found->next()) {
            rows.emplace_back(found->session(), Bytes(found->key()), Bytes(found->value()));
        }
        for (const auto& [session, key, value] : rows) {
            serdes_.key.deserialize(key, windowed_.key);
            serdes_.value.deserialize(value, value_);
            windowed_.window = session;
            const Change<Agg> change{&value_};
            output_->forward(*context_, {windowed_, change, session.end, headers});
        }
        clock_.emitted(close_time);
    }

  private:
    CloseClock clock_;
    TableSerdes<Key, Agg> serdes_;
    TaskContext* context_ = nullptr;
    SessionBytesStore* store_ = nullptr;
    const Output<SessionWindowed<Key>, Change<Agg>>* output_ = nullptr;
    SessionWindowed<Key> windowed_;
    Agg value_{};
};

template <class Key, class Agg>
using SessionResults = WindowedTable<SessionWindowed<Key>, Agg, SessionTable<Key, Agg>,
                                     SessionKeyReader<Key>, FinalSessions<Key, Agg>>;

/// Aggregates a stream by key and session. Null keys are dropped, null values are not. The sessions
/// that a record connects are merged with it. The record is late if the merged session ended more
/// than gap plus grace before the largest time of this node.
template <class K, class V, class Step>
class SessionAggregateNode final
    : public WindowedNode<K, V, SessionWindowed<Plain<K>>, SessionWindows, Step,
                          SessionResults<Plain<K>, typename Step::Agg>> {
    using Results = SessionResults<Plain<K>, typename Step::Agg>;
    using Base = WindowedNode<K, V, SessionWindowed<Plain<K>>, SessionWindows, Step, Results>;
    using Base::results_;
    using Base::step_;
    using Base::windowed_;
    using Base::windows_;

  public:
    using typename Base::Agg;
    using typename Base::Key;

    SessionAggregateNode(std::string name, SessionWindows windows, Step step, EmitStrategy emit,
                         std::shared_ptr<const TopologyFlags> flags,
                         std::shared_ptr<const TableState> state, TableSerdes<Key, Agg> serdes)
        : Base(std::move(name), windows, std::move(step),
               Results(emit, std::move(flags), state, SessionTable<Key, Agg>(serdes), {serdes.key},
                       {state->store, serdes})) {}

    void process(const Record<K, V>& record) override {
        const Key* key = this->key_or_drop(record);
        if (key == nullptr) {
            return;
        }
        const Timestamp close_time =
            saturating_subtract(this->advance_stream_time(record.timestamp), windows_.gap());
        if (results_.emits_before()) {
            results_.final_results().emit(close_time,
                                          record.headers);  // Before the store drops sessions.
        }
        windowed_.key = *key;
        results_.table().seek(*key);
        update(record, close_time);
        if (results_.emits_after()) {
            results_.final_results().emit(close_time, record.headers);
        }
    }

  private:
    using Row = typename SessionTable<Key, Agg>::Row;

    void update(const Record<K, V>& record, Timestamp close_time) {
        const SessionWindow alone{record.timestamp, record.timestamp};
        SessionWindow merged = alone;
        results_.table().find(
            {record.timestamp - windows_.gap(), saturating_add(record.timestamp, windows_.gap())},
            touched_);
        typename Step::State state = step_.start();
        for (Row& row : touched_) {
            state = step_.merge(windowed_.key, std::move(state), row.value);
            merged.start = std::min(merged.start, row.session.start);
            merged.end = std::max(merged.end, row.session.end);
        }
        if (merged.end < close_time) {
            this->context().dropped(*this, "too late for its session");
            return;
        }
        const bool removes = merged != alone;
        const bool extends = removes && touched_.size() == 1;
        if (removes && !extends) {
            remove_touched();
        }
        const typename Step::Result result = add(record, std::move(state), extends);
        const Agg* new_value = plain_or_null(result);
        if (extends) {
            if (new_value != nullptr &&
                results_.table().extend(touched_.front().session, merged, *new_value)) {
                return;
            }
            remove_touched();
        }
        results_.table().put(merged, new_value);
        forward(merged, new_value, nullptr);
    }

    // Kafka Streams first removes the sessions that a record connects, so they are lost if the
    // aggregator fails.
    typename Step::Result add(const Record<K, V>& record, typename Step::State&& state,
                              bool extends) {
        try {
            return step_.add(windowed_.key, std::move(state), record.value);
        } catch (...) {
            if (extends) {
                remove_touched();
            }
            throw;
        }
    }

    void remove_touched() {
        for (const Row& row : touched_) {
            results_.table().remove(row.session);
            forward(row.session, nullptr, &row.value);
        }
    }

    // As in Kafka Streams, with the session's end as time and without headers.
    void forward(SessionWindow session, const Agg* new_value, const Agg* old_value) {
        windowed_.window = session;
        results_.forward(windowed_, new_value, old_value, session.end, no_headers_);
    }

    std::vector<Row> touched_;
    Headers no_headers_;
};

/// Looks up the sessions of a windowed aggregate.
template <class K, class V>
class SessionGetter final : public ValueGetter<SessionWindowed<K>, V> {
  public:
    SessionGetter(std::string store, TableSerdes<K, V> serdes)
        : name_(std::move(store)), table_(std::move(serdes)) {}

    void init(TaskContext& context, const Node& user) override {
        table_.open(context, user, name_);
    }
    Found<V> get(const SessionWindowed<K>& key) override {
        table_.seek(key.key);
        return {table_.get(key.window), key.window.end};
    }

  private:
    std::string name_;
    SessionTable<K, V> table_;
};

template <class K, class V>
using SessionOrigin = WindowedOrigin<SessionWindowed<K>, K, V, SessionGetter<K, V>>;

}  // namespace millrace::detail
