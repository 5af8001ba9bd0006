// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/core/record.hpp"
#include "millrace/detail/nodes/task_context.hpp"
#include "millrace/detail/nodes/wrapper_hook.hpp"
#include "millrace/detail/serde/nullable.hpp"
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

    /// The two ends of a wrapper hook around this node. Request them before anything is connected
    /// to the node, and use them instead of input_port and connect. Empty if the node has none.
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

/// Converts records without nulls for an input that accepts nulls.
template <class K, class V, class KTo, class VTo>
class Widening final : public Converter, public Input<K, V> {
  public:
    explicit Widening(void* input) : input_(static_cast<Input<KTo, VTo>*>(input)) {}

    void* input() override { return static_cast<Input<K, V>*>(this); }
    void process(const Record<K, V>& record) override {
        const KTo key(record.key);
        const VTo value(record.value);
        input_->process({key, value, record.timestamp, record.headers});
    }

  private:
    Input<KTo, VTo>* input_;
};

template <class K, class V, class KTo, class VTo>
void widen(std::type_index key, std::type_index value, void* input,
           std::unique_ptr<Converter>& made) {
    if (key == typeid(K) && value == typeid(V)) {
        made.reset(new Widening<K, V, KTo, VTo>(input));
    }
}

/// Creates a converter to an Input<KTo, VTo>; see MakeConverter.
template <class KTo, class VTo>
std::unique_ptr<Converter> make_widening(std::type_index key, std::type_index value, void* input) {
    using K = Plain<KTo>;
    using V = Plain<VTo>;
    std::unique_ptr<Converter> made;
    if constexpr (std::copy_constructible<K> && std::copy_constructible<V>) {
        if constexpr (kIsNullable<KTo>) {
            widen<K, VTo, KTo, VTo>(key, value, input, made);
        }
        if constexpr (kIsNullable<VTo>) {
            widen<KTo, V, KTo, VTo>(key, value, input, made);
        }
        if constexpr (kIsNullable<KTo> && kIsNullable<VTo>) {
            widen<K, V, KTo, VTo>(key, value, input, made);
        }
    }
    return made;
}

/// Returns the untyped port of `input`.
template <class K, class V>
InputPort port_of(Input<K, V>& input) {
    InputPort port{typeid(K), typeid(V), &input};
    if constexpr (kIsNullable<K> || kIsNullable<V>) {
        port.convert = make_widening<K, V>;
    }
    return port;
}

/// Throws the TopologyError that `child` does not accept the keys or values that `parent` forwards.
[[noreturn]] void types_differ(const Node& parent, std::type_index key, std::type_index value,
                               const Node& child, const InputPort& port);

/// The children of a node without their record types. Compiled once, not for each type.
class OutputLinks {
  public:
    OutputLinks() = default;
    OutputLinks(const OutputLinks&) = delete;
    OutputLinks& operator=(const OutputLinks&) = delete;

  protected:
    struct Child {
        void* input;       ///< An Input<K, V>*.
        const Node* node;  ///< Null: a hook, which fails as what forwards to it.
    };

    /// Makes a record the current one for the lifetime of this object.
    class CurrentRecord {
      public:
        CurrentRecord(RecordContext& context, Timestamp timestamp, const Headers& headers)
            : context_(&context),
              timestamp_(std::exchange(context.timestamp, timestamp)),
              headers_(std::exchange(context.headers, &headers)) {}
        CurrentRecord(const CurrentRecord&) = delete;
        CurrentRecord& operator=(const CurrentRecord&) = delete;
        ~CurrentRecord() {
            context_->timestamp = timestamp_;
            context_->headers = headers_;
        }

      private:
        RecordContext* context_;
        Timestamp timestamp_;
        const Headers* headers_;
    };

    ~OutputLinks();

    /// Adds `child`. Throws TopologyError if it does not accept records of these types.
    void link(const Node& parent, std::type_index key, std::type_index value, Node& child);

    /// Redirects the output from the children to `through`, a RoutedInput<K, V>*. `input` is the
    /// same object as an Input<K, V>*.
    void set_hook(void* input, void* through);

    const std::vector<Child>& children() const noexcept { return children_; }
    void* through() const noexcept { return through_; }

    /// Null if there is no child of that name.
    const Child* child_of(std::string_view name) const;

    /// Must be called in a catch block. Calls the processing exception handler; rethrows the
    /// exception if `child` is a hook.
    static void failed(TaskContext& context, const Child& child);

  private:
    void add_child(void* input, const Node* node);

    std::vector<Child> children_;
    void* through_ = nullptr;
    std::vector<std::unique_ptr<Converter>> converters_;
};

/// Stores the typed inputs of a node's children and forwards its output to them, depth first in the
/// order in which they were connected.
template <class K, class V>
class Output : private OutputLinks {
  public:
    void connect(const Node& parent, Node& child) { link(parent, typeid(K), typeid(V), child); }

    /// Redirects the output from the children to `through`. Requires that no child is connected.
    void hook(RoutedInput<K, V>& through) {
        set_hook(static_cast<Input<K, V>*>(&through), &through);
    }

    /// If a child throws, calls the processing exception handler. If that resumes, the remaining
    /// children still receive the record.
    void forward(TaskContext& context, const Record<K, V>& record) const {
        const CurrentRecord current(context.record(), record.timestamp, record.headers);
        for (const Child& child : children()) {
            call(context, child, record);
        }
    }

    /// Forwards to one child only. False if there is no child of that name.
    bool forward_to(TaskContext& context, std::string_view child_name,
                    const Record<K, V>& record) const {
        const CurrentRecord current(context.record(), record.timestamp, record.headers);
        if (through() != nullptr) {
            static_cast<RoutedInput<K, V>*>(through())->process_for(record, child_name);
            return true;
        }
        const Child* child = child_of(child_name);
        if (child != nullptr) {
            call(context, *child, record);
        }
        return child != nullptr;
    }

  private:
    static void call(TaskContext& context, const Child& child, const Record<K, V>& record) {
        try {
            static_cast<Input<K, V>*>(child.input)->process(record);
        } catch (...) {
            failed(context, child);
        }
    }
};

/// Takes a node's input for a hook.
template <class K, class V>
class TypedHookEntry final : public HookEntry, private Input<K, V> {
  public:
    TypedHookEntry(Input<K, V>& node, WrapperHook& through) : node_(&node), through_(&through) {}

    InputPort input_port() override { return port_of<K, V>(*this); }
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

    InputPort input_port() final { return port_of<KIn, VIn>(*this); }
    void connect(Node& child) final { output_.connect(*this, child); }
    HookEnds hook(WrapperHook& through) final {
        return {std::unique_ptr<HookEntry>(new TypedHookEntry<KIn, VIn>(*this, through)),
                std::unique_ptr<HookExit>(new TypedHookExit<KOut, VOut>(output_, through))};
    }

  protected:
    void forward(const Record<KOut, VOut>& record) const { output_.forward(context(), record); }

    /// The key or the value of `record`. Null if it has none; the record counts as dropped then.
    const Plain<KIn>* key_or_drop(const Record<KIn, VIn>& record) const {
        const Plain<KIn>* key = plain_or_null(record.key);
        if (key == nullptr) {
            context().dropped(*this, "null key");
        }
        return key;
    }
    const Plain<VIn>* value_or_drop(const Record<KIn, VIn>& record) const {
        const Plain<VIn>* value = plain_or_null(record.value);
        if (value == nullptr) {
            context().dropped(*this, "null value");
        }
        return value;
    }

    const Output<KOut, VOut>& output() const noexcept { return output_; }

  private:
    Output<KOut, VOut> output_;
};

}  // namespace millrace::detail
