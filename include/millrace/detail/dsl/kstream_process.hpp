// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of process and process_values in dsl/kstream.hpp; include that.
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/nodes/process.hpp"
#include "millrace/detail/processor/made_by.hpp"

namespace millrace {

template <class K, class V>
template <class KOut, class VOut, class F>
detail::LogicalNode& KStream<K, V>::add_processor(F make, const char* prefix,
                                                  const ProcessOptions& options) const {
    const std::string name = options.name.empty() ? core_.graph->new_name(prefix) : options.name;
    detail::LogicalNode node = detail::single_step_node(
        detail::processor_step(name, detail::processor_factory(name, std::move(make))));
    node.connects = options.stores;
    for (const StoreDeclaration& store : options.added_stores) {
        detail::LogicalStore added{store.spec(), {name}};
        added.shared = true;
        node.add_store(std::move(added));
    }
    // For process(), too: repartition topics are not moved upstream of it.
    node.changes_value = true;
    return core_.graph->add(std::move(node), {core_.node});
}

template <class K, class V>
template <ProcessorSupplier<K, V> F>
auto KStream<K, V>::process(F make, ProcessOptions options) const
    -> KStream<typename detail::MadeBy<F>::KeyOut, typename detail::MadeBy<F>::ValueOut> {
    using KOut = typename detail::MadeBy<F>::KeyOut;
    using VOut = typename detail::MadeBy<F>::ValueOut;
    detail::LogicalNode& added =
        add_processor<KOut, VOut>(std::move(make), "KSTREAM-PROCESSOR-", options);
    auto stream = core_.template then<KOut, VOut>(added, {}, {});
    stream.needs_repartition = true;
    return KStream<KOut, VOut>(std::move(stream));
}

template <class K, class V>
template <FixedKeyProcessorSupplier<K, V> F>
auto KStream<K, V>::process_values(F make, ProcessOptions options) const
    -> KStream<K, typename detail::MadeBy<F>::ValueOut> {
    using VOut = typename detail::MadeBy<F>::ValueOut;
    detail::LogicalNode& added =
        add_processor<K, VOut>(std::move(make), "KSTREAM-PROCESSVALUES-", options);
    return KStream<K, VOut>(core_.template then<K, VOut>(added, core_.key_serde, {}));
}

}  // namespace millrace
