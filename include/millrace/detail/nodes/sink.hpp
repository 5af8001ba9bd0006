// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "millrace/detail/serde/nullable.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/detail/windows/windowed_forms.hpp"
#include "millrace/processor/partitioner.hpp"
#include "millrace/processor/record_metadata.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/windows/windowed.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace millrace::detail {

template <class K, class V>
struct SinkSettings {
    std::string topic{};    ///< Fixed topic; empty: `choose_topic` returns one for each record.
    bool internal = false;  ///< `topic` is without the application.id.
    std::function<std::string(const K&, const V&, const RecordContextView&)> choose_topic{};
    SerdeOf<Plain<K>> key_serde{};
    SerdeOf<Plain<V>> value_serde{};
    Partitioner<K, V> partitioner{};
};

/// Throws Error (kInvalidArgument) if `topic`, which a topic chooser returned, is no topic name.
void check_chosen_topic(const std::string& topic);

/// Serialises records and passes them to the record collector.
template <class K, class V>
class SinkNode final : public Node, public Input<K, V> {
  public:
    SinkNode(std::string name, SinkSettings<K, V> settings)
        : Node(std::move(name)), settings_(std::move(settings)) {}

    InputPort input_port() override { return port_of<K, V>(*this); }
    void connect(Node& child) override {
        throw TopologyError("sink " + name() + " cannot be the parent of node " + child.name());
    }

    void init(TaskContext& context) override {
        Node::init(context);
        origin_ = context.collector().origin(context.task_id(), name());
        if (!settings_.topic.empty()) {
            topic_name_ =
                settings_.internal ? context.internal_topic(settings_.topic) : settings_.topic;
            topic_ = context.collector().topic(topic_name_);
        }
    }

    void process(const Record<K, V>& record) override {
        if (settings_.topic.empty()) {
            choose_topic(record);
        }
        OutgoingRecord out{.key = {},
                           .value = {},
                           .timestamp = record.timestamp,
                           .headers = &record.headers,
                           .origin = origin_};
        try {
            out.key = write_nullable<K>(settings_.key_serde, record.key, key_bytes_);
            out.value = write_nullable<V>(settings_.value_serde, record.value, value_bytes_);
        } catch (...) {
            this->context().serialization_failed(*this, topic_name_);
            return;
        }
        if constexpr (kWindowSuffix<Plain<K>> > 0) {
            if (out.key) {
                out.partition_key = without_window(*out.key, kWindowSuffix<Plain<K>>);
            }
        }
        send(record, out);
    }

  private:
    void choose_topic(const Record<K, V>& record) {
        static const std::string none;
        const RecordContext& current = this->context().record();
        topic_name_ = settings_.choose_topic(record.key, record.value,
                                             {current.topic != nullptr ? *current.topic : none,
                                              current.partition, current.offset, record.timestamp});
        auto found = chosen_.find(topic_name_);
        if (found == chosen_.end()) {
            check_chosen_topic(topic_name_);
            const SinkTopic topic = this->context().collector().topic(topic_name_);
            found = chosen_.emplace(topic_name_, topic).first;
        }
        topic_ = found->second;
    }

    void send(const Record<K, V>& record, OutgoingRecord& out) {
        RecordCollector& collector = this->context().collector();
        if (settings_.partitioner) {
            const auto chosen = settings_.partitioner(topic_name_, record.key, record.value,
                                                      collector.partition_count(topic_));
            if (chosen) {
                if (chosen->empty()) {
                    this->context().dropped(*this, "the partitioner chose no partition");
                }
                for (const Partition partition : *chosen) {
                    out.partition = partition;
                    collector.send(topic_, out);
                }
                return;
            }
        }
        collector.send(topic_, out);
    }

    SinkSettings<K, V> settings_;
    std::string topic_name_;
    SinkTopic topic_;
    std::uint32_t origin_ = 0;
    std::unordered_map<std::string, SinkTopic> chosen_;
    Bytes key_bytes_;
    Bytes value_bytes_;
};

}  // namespace millrace::detail
