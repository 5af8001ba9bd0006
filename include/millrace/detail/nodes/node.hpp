// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/core/record.hpp"
#include "millrace/detail/nodes/task_context.hpp"
#include "millrace/detail/nodes/wrapper_hook.hpp"
#include "millrace/detail/state/flush_listener.hpp"

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

namespace millrace::detail {

/// The typed interface of a node.
template <class K, class V>
class Input {
  public:
    virtual void process(const Record<K, V>& record) = 0;

  protected:
    ~Input() = default;
};

/// The runtime's interface of a node: a name, children and a life cycle, but no record types. One
/// object for each task.
class Node {
  public:
    explicit Node(std::string name) : name_(std::move(name)) {}
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    virtual ~Node() = default;

    const std::string& name() const noexcept { return name_; }

    virtual InputPort input_port() = 0;

    /// Connects `child` after the existing children. Throws TopologyError if the types of the two
    /// ends differ.
    virtual void connect(Node& child) = 0;

    /// The two ends of a detour around this node. Request them before anything is connected to the
    /// node, and use them instead of input_port and connect. Empty if the node has none.
    virtual HookEnds hook(WrapperHook& through) {
        static_cast<void>(through);
        return {};
    }

    /// Called once, when the task's stores are ready, parents first.
    virtual void init(TaskContext& context) { context_ = &context; }

    /// Called once, at the end of the task, in the order of init.
    virtual void close() {}

  protected:
    /// Requires that init was called.
    TaskContext& context() const noexcept { return *context_; }

  private:
    std::string name_;
    TaskContext* context_ = nullptr;
};

/// An input that gets the target child of a record.
template <class K, class V>
class RoutedInput : public Input<K, V> {
  public:
    virtual void process_for(const Record<K, V>& record, std::string_view child) = 0;

  protected:
    ~RoutedInput() = default;
};

/// Throws TopologyError: `child` accepts other keys or values than `parent` forwards.
[[noreturn]] void types_differ(const Node& parent, std::type_index key, std::type_index value,
                               const Node& child, const InputPort& port);

/// Converts records without nulls for an input that accepts nulls.
template <class K, class V, class KTo, class VTo>
class Widening final : public Input<K, V> {
  public:
    explicit Widening(void* input) : input_(static_cast<Input<KTo, VTo>*>(input)) {}

    void process(const Record<K, V>& record) override {
        const KTo key(record.key);
        const VTo value(record.value);
        input_->process({key, value, record.timestamp, record.headers});
    }

  private:
    Input<KTo, VTo>* input_;
};

/// Stores the typed inputs of a node's children and forwards its output to them, depth first in the
/// order in which they were connected.
template <class K, class V>
class Output {
  public:
    void connect(const Node& parent, Node& child) {
        const InputPort port = child.input_port();
        if (port.key_type == typeid(K) && port.value_type == typeid(V)) {
            children_.push_back({static_cast<Input<K, V>*>(port.input), &child});
        } else if (!widen<std::optional<K>, V>(port, child) &&
                   !widen<K, std::optional<V>>(port, child) &&
                   !widen<std::optional<K>, std::optional<V>>(port, child)) {
            types_differ(parent, typeid(K), typeid(V), child, port);
        }
    }

    /// Sends the output to `through` instead of children. Nothing may be connected.
    void hook(RoutedInput<K, V>& through) {
        children_.push_back({&through, nullptr});
        through_ = &through;
    }

    /// The exception of a child is passed to the processing exception handler; its siblings still
    /// get the record if the handler decides to resume.
    void forward(TaskContext& context, const Record<K, V>& record) const {
        const AtHand at_hand(context.record(), record);
        for (const Child& child : children_) {
            call(context, child, record);
        }
    }

    /// Forwards to one child only. False if there is no child of that name.
    bool forward_to(TaskContext& context, std::string_view child_name,
                    const Record<K, V>& record) const {
        const AtHand at_hand(context.record(), record);
        if (through_ != nullptr) {
            through_->process_for(record, child_name);
            return true;
        }
        for (const Child& child : children_) {
            if (child.node->name() == child_name) {
                call(context, child, record);
                return true;
            }
        }
        return false;
    }

  private:
    struct Child {
        Input<K, V>* input;
        const Node* node;  ///< Null: a hook, which fails as what forwards to it.
    };

    /// Makes a record the current one for the lifetime of this object.
    class AtHand {
      public:
        AtHand(RecordContext& at_hand, const Record<K, V>& record)
            : at_hand_(&at_hand),
              timestamp_(std::exchange(at_hand.timestamp, record.timestamp)),
              headers_(std::exchange(at_hand.headers, &record.headers)) {}
        AtHand(const AtHand&) = delete;
        AtHand& operator=(const AtHand&) = delete;
        ~AtHand() {
            at_hand_->timestamp = timestamp_;
            at_hand_->headers = headers_;
        }

      private:
        RecordContext* at_hand_;
        Timestamp timestamp_;
        const Headers* headers_;
    };

    template <class KTo, class VTo>
    bool widen(const InputPort& port, Node& child) {
        if constexpr (std::copy_constructible<K> && std::copy_constructible<V>) {
            if (port.key_type == typeid(KTo) && port.value_type == typeid(VTo)) {
                auto input = std::make_shared<Widening<K, V, KTo, VTo>>(port.input);
                children_.push_back({input.get(), &child});
                widened_.push_back(std::move(input));
                return true;
            }
        }
        return false;
    }

    static void call(TaskContext& context, const Child& child, const Record<K, V>& record) {
        try {
            child.input->process(record);
        } catch (...) {
            if (child.node == nullptr) {
                throw;
            }
            context.processing_failed(*child.node);
        }
    }

    std::vector<Child> children_;
    RoutedInput<K, V>* through_ = nullptr;
    // The detour through which some children are reached.
    std::vector<std::shared_ptr<void>> widened_;
};

/// Takes a node's input for a hook.
template <class K, class V>
class TypedHookEntry final : public HookEntry, private Input<K, V> {
  public:
    TypedHookEntry(Input<K, V>& node, WrapperHook& through) : node_(&node), through_(&through) {}

    InputPort input_port() override {
        return {typeid(K), typeid(V), static_cast<Input<K, V>*>(this)};
    }
    void deliver(const AnyRecord& record) override { node_->process(record.typed<K, V>()); }

  private:
    void process(const Record<K, V>& record) override { through_->arrives(record); }

    Input<K, V>* node_;
    WrapperHook* through_;
};

/// Takes a node's output for a hook; has its children.
template <class K, class V>
class TypedHookExit final : public HookExit, private RoutedInput<K, V> {
  public:
    TypedHookExit(Output<K, V>& output, WrapperHook& through) : through_(&through) {
        output.hook(*this);
    }

    void connect(const Node& parent, Node& child) override { children_.connect(parent, child); }
    void deliver(TaskContext& context, const AnyRecord& record) override {
        children_.forward(context, record.typed<K, V>());
    }
    bool deliver_to(TaskContext& context, const AnyRecord& record,
                    std::string_view child) override {
        return children_.forward_to(context, child, record.typed<K, V>());
    }

  private:
    void process(const Record<K, V>& record) override { through_->leaves(record, {}); }
    void process_for(const Record<K, V>& record, std::string_view child) override {
        through_->leaves(record, child);
    }

    Output<K, V> children_;
    WrapperHook* through_;
};

/// Base of every node that receives Record<KIn, VIn> and forwards Record<KOut, VOut>.
template <class KIn, class VIn, class KOut, class VOut>
class TypedNode : public Node, public Input<KIn, VIn> {
  public:
    using Node::Node;

    InputPort input_port() final {
        return {typeid(KIn), typeid(VIn), static_cast<Input<KIn, VIn>*>(this)};
    }
    void connect(Node& child) final { output_.connect(*this, child); }
    HookEnds hook(WrapperHook& through) final {
        return {std::make_unique<TypedHookEntry<KIn, VIn>>(*this, through),
                std::make_unique<TypedHookExit<KOut, VOut>>(output_, through)};
    }

  protected:
    void forward(const Record<KOut, VOut>& record) const { output_.forward(context(), record); }
    const Output<KOut, VOut>& output() const noexcept { return output_; }

  private:
    Output<KOut, VOut> output_;
};

}  // namespace millrace::detail
