// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "millrace/detail/processor/made_by.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/processor/processor.hpp"
#include "millrace/processor/processor_context.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::detail {

/// Throws ProcessingError for a negative time.
void check_forwarded_time(const Node& node, Timestamp timestamp);
[[noreturn]] void no_such_child(const Node& node, std::string_view child);

RecordMetadata metadata_of(const RecordContext& record);
void add_header_to(const Node& node, const RecordContext& record, std::string key,
                   NullableOwnedBytes value);

/// The context of a user's processor. `Interface` is ProcessorContext or FixedKeyProcessorContext.
template <class Interface>
class NodeContext : public Interface {
  public:
    explicit NodeContext(const Node& node) : node_(&node) {}

    void open(TaskContext& task) noexcept { task_ = &task; }

    const std::string& application_id() const override { return task_->application_id(); }
    TaskId task_id() const override { return task_->task_id(); }
    std::string setting(std::string_view name) const override { return task_->setting(name); }
    RecordMetadata record_metadata() const override { return metadata_of(task_->record()); }
    Timestamp stream_time() const override { return task_->stream_time(); }
    Timestamp wall_clock() const override { return task_->wall_clock(); }
    void add_header(std::string key, NullableOwnedBytes value) override {
        add_header_to(*node_, task_->record(), std::move(key), std::move(value));
    }
    StateStore& state_store(const std::string& name) override { return task_->store(*node_, name); }
    Cancellable schedule(const PunctuationSchedule& schedule, Punctuator punctuator) override {
        return task_->schedule(*node_, schedule, std::move(punctuator));
    }
    void request_commit() override { task_->request_commit(); }

  protected:
    template <class K, class V>
    void send(const Output<K, V>& output, const Record<K, V>& record) const {
        check_forwarded_time(*node_, record.timestamp);
        output.forward(*task_, record);
    }
    template <class K, class V>
    void send_to(const Output<K, V>& output, const Record<K, V>& record,
                 std::string_view child) const {
        check_forwarded_time(*node_, record.timestamp);
        if (!output.forward_to(*task_, child, record)) {
            no_such_child(*node_, child);
        }
    }

  private:
    const Node* node_;
    TaskContext* task_ = nullptr;
};

template <class K, class V>
class ForwardingContext final : public NodeContext<ProcessorContext<K, V>> {
  public:
    ForwardingContext(const Node& node, const Output<K, V>& output)
        : NodeContext<ProcessorContext<K, V>>(node), output_(&output) {}

    using ProcessorContext<K, V>::forward;
    void forward(const Record<K, V>& record) override { this->send(*output_, record); }
    void forward(const Record<K, V>& record, std::string_view child) override {
        this->send_to(*output_, record, child);
    }

  private:
    const Output<K, V>* output_;
};

template <class K, class V>
class FixedKeyForwardingContext final : public NodeContext<FixedKeyProcessorContext<K, V>> {
  public:
    FixedKeyForwardingContext(const Node& node, const Output<K, V>& output)
        : NodeContext<FixedKeyProcessorContext<K, V>>(node), output_(&output) {}

    using FixedKeyProcessorContext<K, V>::forward;
    void forward(const FixedKeyRecord<K, V>& record) override {
        this->send(*output_, record.record());
    }
    void forward(const FixedKeyRecord<K, V>& record, std::string_view child) override {
        this->send_to(*output_, record.record(), child);
    }

  private:
    const Output<K, V>* output_;
};

/// Runs a user's processor P.
template <class P>
class ProcessorNode final : public TypedNode<typename P::KeyIn, typename P::ValueIn,
                                             typename P::KeyOut, typename P::ValueOut> {
  public:
    using K = typename P::KeyIn;
    using V = typename P::ValueIn;
    using Base = TypedNode<K, V, typename P::KeyOut, typename P::ValueOut>;
    static constexpr bool kFixedKey =
        std::derived_from<P, FixedKeyProcessor<K, V, typename P::ValueOut>>;
    using Interface = std::conditional_t<kFixedKey, FixedKeyProcessor<K, V, typename P::ValueOut>,
                                         Processor<K, V, typename P::KeyOut, typename P::ValueOut>>;

    ProcessorNode(std::string name, std::unique_ptr<P> processor)
        : Base(std::move(name)),
          processor_(std::move(processor)),
          own_context_(*this, this->output()) {
        if (processor_ == nullptr) {
            throw TopologyError("the supplier of processor " + this->name() +
                                " returned no processor");
        }
    }

    void init(TaskContext& context) override {
        Node::init(context);
        own_context_.open(context);
        Interface& processor = *processor_;
        Access::bind(processor, own_context_);
        processor.init(own_context_);
    }

    void process(const Record<K, V>& record) override {
        if constexpr (kFixedKey) {
            hand_over(FixedKeyRecord<K, V>(record));
        } else {
            hand_over(record);
        }
    }

    void close() override { static_cast<Interface&>(*processor_).close(); }

  private:
    using Context =
        std::conditional_t<kFixedKey, FixedKeyForwardingContext<K, typename P::ValueOut>,
                           ForwardingContext<typename P::KeyOut, typename P::ValueOut>>;

    template <class R>
    void hand_over(const R& record) {
        if constexpr (requires(P& processor) { processor.process(record); }) {
            processor_->process(record);  // Without a virtual call if P is final.
        } else {
            static_cast<Interface&>(*processor_).process(record);  // Overridden privately.
        }
    }

    std::unique_ptr<P> processor_;
    Context own_context_;
};

/// Returns a factory of nodes whose processors `make` creates. Each task has its own copy of
/// `make`, because threads create tasks concurrently.
template <class F>
NodeFactory processor_factory(const std::string& name, F make) {
    return [name, make = std::move(make)]() -> std::unique_ptr<Node> {
        F supplier = make;
        return std::unique_ptr<Node>(new ProcessorNode<MadeBy<F>>(name, supplier()));
    };
}

}  // namespace millrace::detail
