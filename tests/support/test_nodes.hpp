// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "millrace/detail/nodes/source_input.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::support {

using StringRecord = Record<std::string, std::string>;

/// Keys and values are strings; a null is an empty one. The value "unreadable" is.
class StringSource final : public detail::Node, public detail::SourceInputFactory {
  public:
    using Node::Node;

    detail::InputPort input_port() override { return {typeid(void), typeid(void), nullptr}; }
    void connect(Node& child) override { output_.connect(*this, child); }
    std::unique_ptr<detail::SourceInput> make_input() override {
        return std::make_unique<Input>(*this);
    }

  private:
    class Input final : public detail::SourceInput {
      public:
        explicit Input(StringSource& source) : source_(&source) {}

        Timestamp decode(const detail::SourceRecord& record, Timestamp) override {
            if (record.value() == "unreadable") {
                throw SerdeError("value: unreadable");
            }
            key_ = record.key().value_or("");
            value_ = record.value().value_or("");
            return record.timestamp();
        }
        void process(Timestamp timestamp, const Headers& headers) override {
            source_->output_.forward(source_->context(), {key_, value_, timestamp, headers});
        }

      private:
        StringSource* source_;
        std::string key_;
        std::string value_;
    };

    detail::Output<std::string, std::string> output_;
};

/// Calls the function that a test sets.
class LambdaNode final
    : public detail::TypedNode<std::string, std::string, std::string, std::string> {
  public:
    struct Calls {
        std::function<void(LambdaNode&)> init{};
        std::function<void(LambdaNode&, const StringRecord&)> process{};
        std::function<void(LambdaNode&)> close{};
    };

    LambdaNode(std::string name, Calls calls)
        : TypedNode(std::move(name)), calls_(std::move(calls)) {}

    void init(detail::TaskContext& task) override {
        TypedNode::init(task);
        if (calls_.init) {
            calls_.init(*this);
        }
    }
    void process(const StringRecord& record) override { calls_.process(*this, record); }
    void close() override {
        if (calls_.close) {
            calls_.close(*this);
        }
    }

    using TypedNode::context;
    using TypedNode::forward;

  private:
    Calls calls_;
};

/// Sends to one topic.
class StringSink final
    : public detail::TypedNode<std::string, std::string, std::string, std::string> {
  public:
    StringSink(std::string name, std::string topic)
        : TypedNode(std::move(name)), topic_(std::move(topic)) {}

    void process(const StringRecord& record) override {
        auto& collector = context().collector();
        collector.send(collector.topic(topic_), {.key = record.key,
                                                 .value = record.value,
                                                 .timestamp = record.timestamp,
                                                 .headers = &record.headers});
    }

  private:
    std::string topic_;
};

inline detail::NodeSpec source_spec(const std::string& name, std::vector<std::string> topics) {
    return {.kind = detail::NodeKind::kSource,
            .name = name,
            .make = [name] { return std::make_unique<StringSource>(name); },
            .topics = std::move(topics)};
}

inline detail::NodeSpec lambda_spec(const std::string& name, std::vector<std::string> parents,
                                    LambdaNode::Calls calls, std::vector<std::string> stores = {}) {
    return {.kind = detail::NodeKind::kProcessor,
            .name = name,
            .make = [name, calls] { return std::make_unique<LambdaNode>(name, calls); },
            .parents = std::move(parents),
            .stores = std::move(stores)};
}

inline detail::NodeSpec sink_spec(const std::string& name, std::vector<std::string> parents,
                                  const std::string& topic) {
    return {.kind = detail::NodeKind::kSink,
            .name = name,
            .make = [name, topic] { return std::make_unique<StringSink>(name, topic); },
            .parents = std::move(parents),
            .topics = {topic}};
}

}  // namespace millrace::support
