// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/dsl/grouped_core.hpp"
#include "millrace/dsl/callables.hpp"
#include "millrace/dsl/fwd.hpp"
#include "millrace/dsl/options.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"
#include "millrace/windows/windowed.hpp"

#include <cstdint>
#include <utility>

namespace millrace {

/// A grouped stream in sessions: records of a key that follow each other within the gap.
///
///     gap 10        a@0   a@8            a@30      a@19
///     sessions      [0,0] [0,8]          [30,30]   [0,19]    then, with a@25, one: [0,30]
///
/// A record that connects sessions merges them: each old session is forwarded as deleted, then the
/// merged one with its end as time. Null keys are dropped and counted; null values are not: if V is
/// optional, aggregators get them. A record is late, and dropped, if its session ended more than
/// gap plus grace before stream time. Has the semantics of Kafka Streams' SessionWindowedKStream.
template <class K, class V>
class SessionWindowedKStream {
  public:
    using Key = detail::Plain<K>;

    SessionWindowedKStream(detail::GroupedCore<K, V> core, SessionWindows windows)
        : core_(std::move(core)), windows_(windows) {}

    /// When results are sent; default: each change.
    SessionWindowedKStream emit_strategy(EmitStrategy strategy) const {
        SessionWindowedKStream changed = *this;
        changed.emit_ = strategy;
        return changed;
    }

    /// Counts the records of each key and session.
    auto count(Materialized<Key, std::int64_t> options = {}) const
        -> KTable<SessionWindowed<Key>, std::int64_t>
        requires Encodable<Key>;

    /// Combines the values of each session, and the results of merged sessions, in the order of
    /// their ends.
    template <Aggregator<Key, detail::Plain<V>, V> F>
        requires Encodable<Key> && Encodable<detail::Plain<V>>
    auto reduce(F combine, Materialized<Key, detail::Plain<V>> options = {}) const
        -> KTable<SessionWindowed<Key>, detail::Plain<V>>;

    /// Folds the values of each session. For each record: `initial`, then `merge` with the
    /// aggregate of each session that it connects, in the order of their ends, then `add` with its
    /// value. If `add` returns null, the session is deleted.
    template <Initializer Init, Aggregator<Key, detail::StateOf<Init>, V> F,
              SessionMerger<Key, detail::StateOf<Init>> M>
        requires Encodable<Key> && Encodable<detail::AggregateOf<Init>>
    auto aggregate(Init initial, F add, M merge,
                   Materialized<Key, detail::AggregateOf<Init>> options) const
        -> KTable<SessionWindowed<Key>, detail::AggregateOf<Init>>;

    template <Initializer Init, Aggregator<Key, detail::StateOf<Init>, V> F,
              SessionMerger<Key, detail::StateOf<Init>> M>
        requires Encodable<Key> && Serializable<detail::AggregateOf<Init>>
    auto aggregate(Init initial, F add, M merge) const {
        return aggregate(std::move(initial), std::move(add), std::move(merge),
                         Materialized<Key, detail::AggregateOf<Init>>{});
    }

  private:
    template <class Step>
    auto aggregate_with(Step step, const char* prefix,
                        Materialized<Key, typename Step::Agg> options) const
        -> KTable<SessionWindowed<Key>, typename Step::Agg>;

    detail::GroupedCore<K, V> core_;
    SessionWindows windows_;
    EmitStrategy emit_ = EmitStrategy::kOnWindowUpdate;
};

}  // namespace millrace

#include "millrace/detail/dsl/bodies.hpp"
