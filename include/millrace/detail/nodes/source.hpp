// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "millrace/detail/nodes/source_input.hpp"
#include "millrace/detail/nodes/source_time.hpp"
#include "millrace/detail/serde/nullable.hpp"
#include "millrace/processor/timestamp_extractor.hpp"
#include "millrace/serde/serde.hpp"

#include <memory>
#include <string>
#include <utility>

namespace millrace::detail {

template <class K, class V>
struct SourceSettings {
    SerdeOf<Plain<K>> key_serde{};
    SerdeOf<Plain<V>> value_serde{};
    TimestampExtractor<K, V> extractor{};
};

/// Deserialises records and forwards them. Drops nulls that the types do not allow.
template <class K, class V>
class SourceNode final : public Node, public SourceInputFactory {
  public:
    SourceNode(std::string name, SourceSettings<K, V> settings)
        : Node(std::move(name)), settings_(std::move(settings)) {}

    InputPort input_port() override {
        throw TopologyError("source " + name() + " cannot have a parent");
    }
    void connect(Node& child) override { output_.connect(*this, child); }

    void init(TaskContext& context) override {
        Node::init(context);
        policy_ = resolve_policy(settings_.extractor.policy(), context);
    }

    std::unique_ptr<SourceInput> make_input() override {
        return std::unique_ptr<SourceInput>(new Input(*this));
    }

  private:
    class Input final : public SourceInput {
      public:
        explicit Input(SourceNode& source) : source_(&source) {}

        Timestamp decode(const SourceRecord& record, Timestamp partition_time) override {
            const char* reading = "key";
            try {
                has_key_ = read_nullable<K>(source_->settings_.key_serde, record.key(), key_);
                reading = "value";
                has_value_ =
                    read_nullable<V>(source_->settings_.value_serde, record.value(), value_);
            } catch (...) {
                cannot_deserialize(reading);
            }
            const auto& extract = source_->settings_.extractor.function();
            if (!extract) {
                return time_of(source_->policy_, record, partition_time,
                               source_->context().wall_clock());
            }
            if (!has_key_ || !has_value_) {
                return record.timestamp();
            }
            try {
                return extract(
                    ConsumedRecord<K, V>{key_, value_, record.timestamp(), *record.topic,
                                         record.partition, record.offset(), *record.headers},
                    partition_time);
            } catch (...) {
                extractor_failed(record);
            }
        }

        void process(Timestamp timestamp, const Headers& headers) override {
            if (!has_key_ || !has_value_) {
                source_->context().dropped(*source_, has_key_ ? "null value" : "null key");
                return;
            }
            source_->output_.forward(source_->context(), {key_, value_, timestamp, headers});
        }

      private:
        SourceNode* source_;
        K key_{};
        V value_{};
        bool has_key_ = false;
        bool has_value_ = false;
    };

    SourceSettings<K, V> settings_;
    TimestampPolicy policy_ = TimestampPolicy::kFail;
    Output<K, V> output_;
};

}  // namespace millrace::detail
