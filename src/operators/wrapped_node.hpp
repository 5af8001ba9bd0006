// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "millrace/detail/nodes/process.hpp"
#include "millrace/processor/processor_wrapper.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::topology {

/// The wrapper's access to a node.
class HookedNode final : public InnerProcessor {
  public:
    /// Requires a node with a wrapper hook, and a `through` that outlives this.
    HookedNode(std::unique_ptr<detail::Node> node, detail::WrapperHook& through);

    detail::InputPort input_port() { return ends_.entry->input_port(); }
    void connect(detail::Node& child) { ends_.exit->connect(*node_, child); }
    void open(detail::TaskContext& context) noexcept { context_ = &context; }

    const std::string& name() const override { return node_->name(); }
    void init() override;
    void process(const AnyRecord& record) override;
    void forward(const AnyRecord& record, std::string_view child) override;
    void close() override;

  private:
    std::unique_ptr<detail::Node> node_;
    detail::HookEnds ends_;
    detail::TaskContext* context_ = nullptr;
    bool is_initialised_ = false;
};

/// Replaces a node in the graph, under its name, and runs its wrapper around it. Owned by the
/// task's thread.
class WrappedNode final : public detail::Node, private detail::WrapperHook {
  public:
    WrappedNode(std::unique_ptr<detail::Node> node, std::unique_ptr<WrappedProcessor> wrapped);

    detail::InputPort input_port() override { return inner_.input_port(); }
    void connect(detail::Node& child) override { inner_.connect(child); }
    void init(detail::TaskContext& context) override;
    void close() override;

  private:
    void arrives(const AnyRecord& record) override { wrapped_->process(record); }
    void leaves(const AnyRecord& record, std::string_view child) override {
        wrapped_->forward(record, child);
    }

    HookedNode inner_;
    detail::NodeContext<ProcessingContext> own_context_;
    std::unique_ptr<WrappedProcessor> wrapped_;
};

/// Calls `wrapper` for `processor`, and returns the stores that it adds to it.
std::vector<detail::StoreSpec> wrap(detail::NodeSpec& processor, const ProcessorWrapper& wrapper);

}  // namespace millrace::topology
