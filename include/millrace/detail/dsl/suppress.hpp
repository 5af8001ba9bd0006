// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of dsl/ktable.hpp; include that.
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/store_plan.hpp"
#include "millrace/detail/ops/suppress.hpp"

namespace millrace {

template <class K, class V, Removals kRemovals>
template <Suppression<K> S>
    requires Encodable<K> && Encodable<V>
auto KTable<K, V, kRemovals>::suppress(S options) const
    -> KTable<K, V, std::same_as<S, UntilWindowCloses> ? Removals::kNever : kRemovals> {
    detail::LogicalGraph& graph = *core_.graph;
    detail::SuppressSettings settings;
    if constexpr (std::same_as<S, UntilWindowCloses>) {
        const detail::WindowClose close = detail::close_above(*core_.node);
        settings.wait = close.grace;
        settings.inclusive_ends = close.inclusive_ends;
        settings.until_close = true;
        settings.stop_when_full = true;
    } else {
        detail::check_limit(options.limit);
        settings.wait = options.limit;
        settings.stop_when_full = options.when_full == WhenFull::kShutDown;
    }
    settings.max_records = options.max_records.value_or(settings.max_records);
    settings.max_bytes = options.max_bytes.value_or(settings.max_bytes);
    const detail::SuppressPlan plan = detail::plan_suppress(
        graph, *core_.node, options.name, options.logging, options.changelog_config);
    settings.store = plan.store.name;
    const detail::TableSerdes<K, V> serdes{core_.key_serde, core_.value_serde};
    detail::require_serdes(detail::need_of_own_store(plan.name, plan.store.name), serdes.key,
                           serdes.value);
    detail::TableOriginPtr<K, V> origin(
        new detail::SuppressedOrigin<K, V>(settings.store, serdes, core_.origin));
    auto node = detail::processor_node<detail::SuppressNode<K, V>>(plan.name, settings,
                                                                   graph.flags(), serdes);
    detail::LogicalStore store{plan.store, {plan.name}};
    store.name_is_generated = options.name.empty();
    node.add_store(std::move(store));
    node.versioned = false;
    node.suppresses = true;
    detail::LogicalNode& added = graph.add(std::move(node), {core_.node});
    detail::TableCore<K, V> core = core_;
    core.node = &added;
    core.name = plan.name;
    core.origin = std::move(origin);
    core.state = std::make_shared<detail::TableState>();
    core.queryable.clear();
    return KTable < K, V,
           std::same_as<S, UntilWindowCloses> ? Removals::kNever : kRemovals > (std::move(core));
}

}  // namespace millrace
