// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of dsl/kstream.hpp and dsl/branched_kstream.hpp; include those.
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/store_plan.hpp"
#include "millrace/detail/nodes/text_of.hpp"
#include "millrace/detail/ops/print.hpp"
#include "millrace/detail/ops/table_source.hpp"
#include "millrace/detail/state/store_spec.hpp"

#include <typeinfo>

namespace millrace {

template <class K, class V>
template <class N, class KOut, class VOut, class... Args>
KStream<KOut, VOut> KStream<K, V>::add(detail::ProcessorStep<KOut, VOut> step, Args... args) const {
    const std::string name = core_.graph->name_or_new(step.given, step.prefix);
    detail::LogicalNode node = detail::processor_node<N>(name, std::move(args)...);
    node.changes_key = step.changes_key;
    node.changes_value = step.changes_value;
    node.types = {typeid(KOut), typeid(VOut)};
    detail::LogicalNode& added = core_.graph->add(std::move(node), {core_.node});
    auto stream = core_.template then<KOut, VOut>(added, std::move(step.key_serde),
                                                  std::move(step.value_serde));
    stream.needs_repartition = core_.needs_repartition || step.changes_key;
    return KStream<KOut, VOut>(std::move(stream));
}

template <class K, class V>
template <RecordPredicate<K, V> F>
KStream<K, V> KStream<K, V>::filter(F keep, Named options) const {
    return add<detail::FilterNode<K, V, F>, K, V>({.prefix = "KSTREAM-FILTER-",
                                                   .given = std::move(options.name),
                                                   .key_serde = core_.key_serde,
                                                   .value_serde = core_.value_serde},
                                                  std::move(keep), detail::OnMatch::kKeep);
}

template <class K, class V>
template <RecordPredicate<K, V> F>
KStream<K, V> KStream<K, V>::filter_not(F drop, Named options) const {
    return add<detail::FilterNode<K, V, F>, K, V>({.prefix = "KSTREAM-FILTER-",
                                                   .given = std::move(options.name),
                                                   .key_serde = core_.key_serde,
                                                   .value_serde = core_.value_serde},
                                                  std::move(drop), detail::OnMatch::kDrop);
}

template <class K, class V>
template <RecordToPair<K, V> F>
auto KStream<K, V>::map(F change, Named options) const
    -> KStream<typename detail::PairOf<F, K, V>::first_type,
               typename detail::PairOf<F, K, V>::second_type> {
    using KOut = typename detail::PairOf<F, K, V>::first_type;
    using VOut = typename detail::PairOf<F, K, V>::second_type;
    return add<detail::MapNode<K, V, KOut, VOut, F>, KOut, VOut>(
        {.prefix = "KSTREAM-MAP-", .given = std::move(options.name), .changes_key = true},
        std::move(change));
}

template <class K, class V>
template <CallableWithRecord<K, V> F>
auto KStream<K, V>::map_values(F change,
                               Named options) const -> KStream<K, detail::RecordResult<F, K, V>> {
    using VOut = detail::RecordResult<F, K, V>;
    return add<detail::MapValuesNode<K, V, VOut, F>, K, VOut>({.prefix = "KSTREAM-MAPVALUES-",
                                                               .given = std::move(options.name),
                                                               .key_serde = core_.key_serde,
                                                               .changes_value = true},
                                                              std::move(change));
}

template <class K, class V>
template <RecordToPairs<K, V> F>
auto KStream<K, V>::flat_map(F expand, Named options) const
    -> KStream<typename detail::ElementOf<F, K, V>::first_type,
               typename detail::ElementOf<F, K, V>::second_type> {
    using KOut = typename detail::ElementOf<F, K, V>::first_type;
    using VOut = typename detail::ElementOf<F, K, V>::second_type;
    return add<detail::FlatMapNode<K, V, KOut, VOut, F>, KOut, VOut>(
        {.prefix = "KSTREAM-FLATMAP-", .given = std::move(options.name), .changes_key = true},
        std::move(expand));
}

template <class K, class V>
template <RecordToRange<K, V> F>
auto KStream<K, V>::flat_map_values(F expand,
                                    Named options) const -> KStream<K, detail::ElementOf<F, K, V>> {
    using VOut = detail::ElementOf<F, K, V>;
    return add<detail::FlatMapValuesNode<K, V, VOut, F>, K, VOut>(
        {.prefix = "KSTREAM-FLATMAPVALUES-",
         .given = std::move(options.name),
         .key_serde = core_.key_serde,
         .changes_value = true},
        std::move(expand));
}

template <class K, class V>
template <CallableWithRecord<K, V> F>
auto KStream<K, V>::select_key(F select,
                               Named options) const -> KStream<detail::RecordResult<F, K, V>, V> {
    using KOut = detail::RecordResult<F, K, V>;
    return add<detail::SelectKeyNode<K, V, KOut, F>, KOut, V>({.prefix = "KSTREAM-KEY-SELECT-",
                                                               .given = std::move(options.name),
                                                               .value_serde = core_.value_serde,
                                                               .changes_key = true},
                                                              std::move(select));
}

template <class K, class V>
template <RecordAction<K, V> F>
KStream<K, V> KStream<K, V>::peek(F look, Named options) const {
    return add<detail::PeekNode<K, V, F>, K, V>({.prefix = "KSTREAM-PEEK-",
                                                 .given = std::move(options.name),
                                                 .key_serde = core_.key_serde,
                                                 .value_serde = core_.value_serde},
                                                std::move(look));
}

template <class K, class V>
template <RecordAction<K, V> F>
void KStream<K, V>::foreach (F use, Named options) const {
    add<detail::PeekNode<K, V, F>, K, V>(
        {.prefix = "KSTREAM-FOREACH-", .given = std::move(options.name)}, std::move(use));
}

template <class K, class V>
void KStream<K, V>::print(Printed<K, V> options) const {
    if constexpr (Printable<K> && Printable<V>) {
        if (!options.text) {
            options.text = [](const K& key, const V& value) {
                return detail::TextOf<K>::of(key) + ", " + detail::TextOf<V>::of(value);
            };
        }
    }
    if (!options.text) {
        detail::no_text(core_.name, typeid(K).name(), typeid(V).name());
    }
    const std::string label = options.label.empty() ? core_.name : options.label;
    add<detail::PrintNode<K, V>, K, V>(
        {.prefix = "KSTREAM-PRINTER-", .given = std::move(options.name)}, label,
        std::move(options.text), detail::one_at_a_time(std::move(options.write)));
}

template <class K, class V>
BranchedKStream<K, V> KStream<K, V>::split(Named options) const {
    return BranchedKStream<K, V>(core_, options);
}

template <class K, class V>
KStream<K, V> KStream<K, V>::merge(const KStream& other, Named options) const {
    detail::require_one_builder(*core_.graph, *other.core_.graph, core_.name, other.core_.name);
    const std::string name = core_.graph->name_or_new(options.name, "KSTREAM-MERGE-");
    auto node = detail::processor_node<detail::PassThroughNode<K, V>>(name);
    node.merges = true;
    node.types = {typeid(K), typeid(V)};
    detail::LogicalNode& added = core_.graph->add(std::move(node), {core_.node, other.core_.node});
    auto merged = core_.template then<K, V>(added, {}, {});
    merged.needs_repartition = core_.needs_repartition || other.core_.needs_repartition;
    merged.sources = detail::united(core_.sources, other.core_.sources);
    return KStream(std::move(merged));
}

template <class K, class V>
KStream<K, V> KStream<K, V>::repartition(Repartitioned<K, V> options) const
    requires Writable<K> && Writable<V>
{
    const bool is_named = !options.name.empty();
    const std::string name =
        is_named ? options.name : core_.graph->new_name("KSTREAM-REPARTITION-");
    const detail::RepartitionSerdes<K, V> serdes{
        detail::serde_or(options.key_serde, core_.key_serde),
        detail::serde_or(options.value_serde, core_.value_serde)};
    detail::RepartitionStep step =
        detail::make_repartition<K, V>(*core_.graph, name, serdes, options.partitioner);
    step.partitions = options.partitions;
    step.name_is_generated = !is_named;
    detail::LogicalNode& added =
        core_.graph->add(detail::repartition_node(std::move(step)), {core_.node});
    auto result = core_.template then<K, V>(added, serdes.key, serdes.value);
    result.needs_repartition = false;
    result.sources = {added.name};
    return KStream(std::move(result));
}

template <class K, class V>
template <TopicChoice<K, V> T>
void KStream<K, V>::to(T topic, Produced<K, V> options) const
    requires Writable<K> && Writable<V>
{
    detail::SinkSettings<K, V> settings;
    settings.key_serde = detail::serde_or(options.key_serde, core_.key_serde);
    settings.value_serde = detail::serde_or(options.value_serde, core_.value_serde);
    settings.partitioner = std::move(options.partitioner);
    const std::string name = core_.graph->name_or_new(options.name, "KSTREAM-SINK-");
    detail::require_serdes(detail::need_of_node("the sink " + name), settings.key_serde,
                           settings.value_serde);
    std::vector<std::string> topics;
    if constexpr (std::convertible_to<T, std::string>) {
        settings.topic = topic;
        topics.push_back(settings.topic);
    } else {
        settings.choose_topic = std::move(topic);
    }
    core_.graph->add(detail::single_step_node(detail::sink_step(
                         name, std::move(topics),
                         detail::factory_of<detail::SinkNode<K, V>>(name, std::move(settings)))),
                     {core_.node});
}

template <class K, class V>
KTable<detail::Plain<K>, detail::Plain<V>> KStream<K, V>::to_table(
    Materialized<detail::Plain<K>, detail::Plain<V>> options) const
    requires HasKey<K> && Writable<K> && Writable<V>
{
    using Key = detail::Plain<K>;
    using Value = detail::Plain<V>;
    constexpr const char* kPrefix = "KSTREAM-TOTABLE-";
    const std::string name = core_.graph->name_or_new(options.name, kPrefix);
    detail::StorePlan store = detail::plan_store(*core_.graph, detail::untyped(options), kPrefix,
                                                 detail::StoreKind::kTimestampedKeyValue);
    options.value_serde = detail::serde_or(options.value_serde, core_.value_serde);
    const detail::TableSerdes<Key, Value> serdes =
        detail::set_serdes(store, name, options, core_.key_serde);
    detail::LogicalNode* parent = core_.node;
    std::set<std::string> sources = core_.sources;
    if (core_.needs_repartition) {
        detail::RepartitionStep step =
            detail::make_repartition<K, V>(*core_.graph, name, {serdes.key, serdes.value});
        step.optimizable = true;
        step.name_is_generated = options.name.empty();
        parent = &core_.graph->add(detail::repartition_node(std::move(step)), {core_.node});
        sources = {parent->name};
    }
    auto node = detail::processor_node<detail::TableSourceNode<K, V>>(name, store.state, serdes);
    node.add_store(store.lazy_store(name));
    node.versioned = store.is_versioned();
    detail::LogicalNode& added = core_.graph->add(std::move(node), {parent});
    return KTable<Key, Value>(
        detail::stored_table(core_.graph, added, store, serdes, std::move(sources)));
}

template <class K, class V>
KGroupedStream<K, V> KStream<K, V>::group_by_key(Grouped<K, V> options) const
    requires HasKey<K>
{
    detail::GroupedCore<K, V> grouped{core_, options.name};
    grouped.stream.key_serde = detail::serde_or(options.key_serde, core_.key_serde);
    grouped.stream.value_serde = detail::serde_or(options.value_serde, core_.value_serde);
    return KGroupedStream<K, V>(std::move(grouped));
}

template <class K, class V>
template <CallableWithRecord<K, V> F>
    requires HasKey<detail::RecordResult<F, K, V>>
auto KStream<K, V>::group_by(F select, Grouped<detail::RecordResult<F, K, V>, V> options) const
    -> KGroupedStream<detail::RecordResult<F, K, V>, V> {
    const auto keyed = select_key(std::move(select), {.name = options.name});
    return keyed.group_by_key(std::move(options));
}

template <class K, class V>
BranchedKStream<K, V>::BranchedKStream(detail::StreamCore<K, V> source, const Named& options)
    : source_(std::move(source)),
      specs_(std::make_shared<std::vector<detail::BranchSpec<K, V>>>()) {
    const std::string name = source_.graph->name_or_new(options.name, "KSTREAM-BRANCH-");
    splitter_ = &source_.graph->add(detail::processor_node<detail::BranchNode<K, V>>(name, specs_),
                                    {source_.node});
}

template <class K, class V>
template <RecordPredicate<K, V> F>
BranchedKStream<K, V>& BranchedKStream<K, V>::branch(F wants, Branched<K, V> options) {
    add_branch(options, ++count_, [wants = std::move(wants)](const K& key, const V& value) mutable {
        return static_cast<bool>(detail::call_with_record(wants, key, value));
    });
    return *this;
}

template <class K, class V>
auto BranchedKStream<K, V>::otherwise(Branched<K, V> options) -> Branches {
    add_branch(options, 0, nullptr);
    return branches_;
}

template <class K, class V>
void BranchedKStream<K, V>::add_branch(const Branched<K, V>& options, std::size_t number,
                                       std::function<bool(const K&, const V&)> predicate) {
    const std::string name =
        splitter_->name + (options.name.empty() ? std::to_string(number) : options.name);
    source_.graph->new_name(name);  // Not used, but Kafka Streams takes an index here.
    specs_->push_back({name, std::move(predicate)});
    detail::LogicalNode& added = source_.graph->add(
        detail::processor_node<detail::PassThroughNode<K, V>>(name), {splitter_});
    KStream<K, V> branch(
        source_.template then<K, V>(added, source_.key_serde, source_.value_serde));
    if (options.function) {
        branches_.emplace(name, options.function(branch));
    } else if (options.consumer) {
        options.consumer(branch);
    } else {
        branches_.emplace(name, branch);
    }
}

}  // namespace millrace
