// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/dsl_graph.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"
#include "millrace/windows/time_windows.hpp"

#include <concepts>
#include <memory>
#include <set>
#include <string>

namespace millrace {

/// Windows on event time alone, without sessions.
template <class W>
concept TimeBasedWindows = FixedWindows<W> || std::same_as<W, SlidingWindows>;

/// Windows by which a stream can be aggregated; join windows are not among them.
template <class W>
concept AggregationWindows = TimeBasedWindows<W> || std::same_as<W, SessionWindows>;

namespace detail {

/// A grouped stream: where its aggregates hang, and the repartition topic they may share.
template <class K, class V>
struct GroupedCore {
    StreamCore<K, V> stream;
    std::string topic_name{};  ///< The user's; empty: after the store.
    std::shared_ptr<LogicalNode*> repartitioned = std::make_shared<LogicalNode*>(nullptr);
};

/// An aggregate's place in the program.
struct AggregatePlace {
    LogicalNode* parent = nullptr;
    std::set<std::string> sources{};
};

struct StorePlace;

/// Where an aggregate hangs: below the grouped stream, or below a repartition topic named after the
/// group or else the store. Aggregates of one group with a name share the topic.
template <class K, class V>
AggregatePlace place_aggregate(const GroupedCore<K, V>& group, const StorePlace& store);

}  // namespace detail
}  // namespace millrace
