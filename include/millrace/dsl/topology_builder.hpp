// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/detail/nodes/process.hpp"
#include "millrace/detail/nodes/sink.hpp"
#include "millrace/detail/nodes/source.hpp"
#include "millrace/detail/processor/made_by.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "millrace/dsl/callables.hpp"
#include "millrace/dsl/kstream.hpp"
#include "millrace/dsl/options.hpp"
#include "millrace/dsl/topics.hpp"
#include "millrace/processor/processor.hpp"
#include "millrace/processor/processor_wrapper.hpp"
#include "millrace/processor/topology.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// Builds a topology node by node, with user-defined processors and explicit names. Has the
/// semantics of Kafka Streams' Topology.
///
/// Add parents before children. The record types at the two ends of an edge must be equal; that is
/// checked when the first task is created. Errors: functions throw TopologyError if they do not fit
/// the topology. Not thread-safe.
class TopologyBuilder {
  public:
    TopologyBuilder();
    /// Wraps the processors that add_processor adds.
    explicit TopologyBuilder(ProcessorWrapper wrapper);
    /// Extends a topology, for example one of StreamsBuilder, without changing the original. The
    /// wrapper of its processors also wraps those added here.
    explicit TopologyBuilder(const Topology& topology);

    template <class K, class V>
        requires Writable<K> && Writable<V>
    TopologyBuilder& add_source(const std::string& name, Topics topics, Consumed<K, V> options) {
        add(source_spec<K, V>(name, topics, options));
        return *this;
    }
    template <class K, class V>
        requires Serializable<detail::Plain<K>> && Serializable<detail::Plain<V>>
    TopologyBuilder& add_source(const std::string& name, Topics topics) {
        return add_source<K, V>(name, std::move(topics), Consumed<K, V>{});
    }

    /// `make` creates a Processor or a FixedKeyProcessor for each task.
    template <class F>
        requires ProcessorSupplier<F, typename detail::MadeBy<F>::KeyIn,
                                   typename detail::MadeBy<F>::ValueIn> ||
                 FixedKeyProcessorSupplier<F, typename detail::MadeBy<F>::KeyIn,
                                           typename detail::MadeBy<F>::ValueIn>
    TopologyBuilder& add_processor(const std::string& name, F make,
                                   std::vector<std::string> parents, ProcessOptions options = {}) {
        detail::NodeSpec node = processor_spec(name, std::move(make));
        node.parents = std::move(parents);
        add(std::move(node));
        for (const StoreDeclaration& store : options.added_stores) {
            bring(store, name);
        }
        return connect(name, options.stores);
    }

    template <class K, class V, TopicChoice<K, V> T>
        requires Writable<K> && Writable<V>
    TopologyBuilder& add_sink(const std::string& name, T topic, std::vector<std::string> parents,
                              Produced<K, V> options) {
        detail::require_serdes(detail::need_of_node("the sink " + name), options.key_serde,
                               options.value_serde);
        detail::SinkSettings<K, V> settings;
        settings.key_serde = options.key_serde;
        settings.value_serde = options.value_serde;
        settings.partitioner = std::move(options.partitioner);
        detail::NodeSpec node;
        node.kind = detail::NodeKind::kSink;
        node.name = name;
        node.parents = std::move(parents);
        if constexpr (std::convertible_to<T, std::string>) {
            settings.topic = topic;
            node.topics = {settings.topic};
        } else {
            settings.choose_topic = std::move(topic);
        }
        node.make = detail::factory_of<detail::SinkNode<K, V>>(name, std::move(settings));
        add(std::move(node));
        return *this;
    }
    template <class K, class V, TopicChoice<K, V> T>
        requires Serializable<detail::Plain<K>> && Serializable<detail::Plain<V>>
    TopologyBuilder& add_sink(const std::string& name, T topic, std::vector<std::string> parents) {
        return add_sink<K, V>(name, std::move(topic), std::move(parents), Produced<K, V>{});
    }

    TopologyBuilder& add_state_store(const StoreDeclaration& store,
                                     const std::vector<std::string>& processors = {});

    /// Lets a processor use stores.
    TopologyBuilder& connect(const std::string& processor, const std::vector<std::string>& stores);

    /// A store that every instance fills from the whole of `topic` with a Processor<K, V>.
    template <class K, class V, ProcessorSupplier<K, V> F>
        requires Writable<K> && Writable<V>
    TopologyBuilder& add_global_store(const StoreDeclaration& store, const std::string& source_name,
                                      const std::string& topic, const std::string& processor_name,
                                      F make, Consumed<K, V> options = {}) {
        add_global(store.spec(), source_spec<K, V>(source_name, Topics(topic), options),
                   processor_spec(processor_name, std::move(make)));
        return *this;
    }

    /// A store that a Processor<K, V> fills from `topic`, which is also its changelog; other
    /// connected processors should only read it (KIP-813).
    template <class K, class V, ProcessorSupplier<K, V> F>
        requires Writable<K> && Writable<V>
    TopologyBuilder& add_read_only_store(const StoreDeclaration& store,
                                         const std::string& source_name, const std::string& topic,
                                         const std::string& processor_name, F make,
                                         Consumed<K, V> options = {}) {
        add(source_spec<K, V>(source_name, Topics(topic), options));
        detail::NodeSpec processor = processor_spec(processor_name, std::move(make));
        processor.parents = {source_name};
        processor.fills_store = true;
        add(std::move(processor));
        detail::StoreSpec spec = store.spec();
        spec.source_topic = topic;
        return add_state_store(StoreDeclaration(std::move(spec)), {processor_name});
    }

    /// The topology so far. Later additions do not change it.
    Topology build() const;

  private:
    template <class K, class V>
    static detail::NodeSpec source_spec(const std::string& name, const Topics& topics,
                                        const Consumed<K, V>& options) {
        detail::require_serdes(detail::need_of_node("the source " + name), options.key_serde,
                               options.value_serde);
        detail::NodeSpec node;
        node.kind = detail::NodeKind::kSource;
        node.name = name;
        node.topics = topics.names();
        node.pattern = topics.pattern();
        node.offset_reset = options.offset_reset;
        node.make = detail::factory_of<detail::SourceNode<K, V>>(
            name, detail::SourceSettings<K, V>{options.key_serde, options.value_serde,
                                               options.timestamp});
        return node;
    }

    template <class F>
    static detail::NodeSpec processor_spec(const std::string& name, F make) {
        detail::NodeSpec node;
        node.name = name;
        node.make = detail::processor_factory(name, std::move(make));
        return node;
    }

    void add(detail::NodeSpec node);
    void add_global(detail::StoreSpec store, detail::NodeSpec source, detail::NodeSpec processor);
    void bring(const StoreDeclaration& store, const std::string& processor);

    detail::TopologySpec spec_;
};

}  // namespace millrace
