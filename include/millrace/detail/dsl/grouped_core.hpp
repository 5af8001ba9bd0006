// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/dsl/dsl_graph.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"
#include "millrace/windows/time_windows.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::detail {

/// A grouped stream: the parent of its aggregates, and the repartition topic that they may share.
template <class K, class V>
struct GroupedCore {
    StreamCore<K, V> stream;
    std::string topic_name{};  ///< The user's name; empty: the store's.
    std::shared_ptr<LogicalNode*> repartitioned = std::make_shared<LogicalNode*>(nullptr);
};

/// The node whose output an aggregate receives, and the sources upstream of it.
struct AggregateInput {
    LogicalNode* parent = nullptr;
    std::set<std::string> sources{};
};

struct StorePlan;

/// The parent of an aggregate: the grouped stream, or a repartition topic named after the group or
/// otherwise the store. Aggregates of one named group share the topic.
template <class K, class V>
AggregateInput aggregate_input(const GroupedCore<K, V>& group, const StorePlan& store);

/// One grouped stream of a cogroup, without its value type, and the factories of its nodes.
template <class K, class VOut>
struct CogroupInput {
    using Initial = std::function<VOut()>;
    using State = std::shared_ptr<const TableState>;

    SerdeOf<K> key_serde{};
    std::set<std::string> sources{};
    std::function<AggregateInput(const StorePlan&)> aggregate_input{};
    std::function<NodeFactory(const std::string&, Initial, State, TableSerdes<K, VOut>)>
        make_plain{};

    /// Null: the aggregator cannot accept the null values that these windows forward.
    template <class Windows>
    struct MakeWindowed {
        std::function<NodeFactory(const std::string&, Windows, Initial, State,
                                  TableSerdes<K, VOut>)>
            make{};
    };
    std::tuple<MakeWindowed<TimeWindows>, MakeWindowed<UnlimitedWindows>,
               MakeWindowed<SlidingWindows>>
        make_windowed{};

    using Merge = std::function<VOut(const K&, VOut, const VOut&)>;
    std::function<NodeFactory(const std::string&, SessionWindows, Initial, Merge, State,
                              TableSerdes<K, VOut>)>
        make_session{};
};

}  // namespace millrace::detail
