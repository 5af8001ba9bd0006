// SPDX-License-Identifier: Apache-2.0
#include "operators/wrapped_node.hpp"

#include "core/check.hpp"
#include "core/type_name.hpp"
#include "millrace/core/error.hpp"

#include <utility>

namespace millrace {

void detail::refuse_type(const char* what, std::type_index has, std::type_index given) {
    throw Error(ErrorKind::kInvalidArgument,
                std::string("the record's ") + what + " is of another type: it is " +
                    type_name(has.name()) + ", not " + type_name(given.name()));
}

namespace topology {

HookedNode::HookedNode(std::unique_ptr<detail::Node> node, detail::WrapperHook& through)
    : node_(std::move(node)), ends_(node_->hook(through)) {
    MILLRACE_CHECK(ends_.entry != nullptr && ends_.exit != nullptr);
}

void HookedNode::init() {
    if (is_initialised_) {
        throw Error(ErrorKind::kInvalidArgument,
                    "the wrapper of processor " + name() + " initialises it twice");
    }
    is_initialised_ = true;
    node_->init(*context_);
}

void HookedNode::process(const AnyRecord& record) {
    if (!is_initialised_) {
        throw Error(ErrorKind::kInvalidArgument, "the wrapper of processor " + name() +
                                                     " passes it a record before initialising it");
    }
    ends_.entry->deliver(record);
}

void HookedNode::forward(const AnyRecord& record, std::string_view child) {
    detail::check_forwarded_time(*node_, record.timestamp());
    if (child.empty()) {
        ends_.exit->deliver(*context_, record);
    } else if (!ends_.exit->deliver_to(*context_, record, child)) {
        detail::no_such_child(*node_, child);
    }
}

void HookedNode::close() {
    if (is_initialised_) {
        node_->close();
    }
}

WrappedNode::WrappedNode(std::unique_ptr<detail::Node> node,
                         std::unique_ptr<WrappedProcessor> wrapped)
    : Node(node->name()),
      inner_(std::move(node), *this),
      own_context_(*this),
      wrapped_(std::move(wrapped)) {
    if (wrapped_ == nullptr) {
        throw TopologyError("the wrapper of processor " + name() +
                            " returned no wrapped processor");
    }
}

void WrappedNode::init(detail::TaskContext& context) {
    Node::init(context);
    inner_.open(context);
    own_context_.open(context);
    detail::Access::bind(*wrapped_, inner_, own_context_);
    wrapped_->init();
}

void WrappedNode::close() {
    wrapped_->close();
}

std::vector<detail::StoreSpec> wrap(detail::NodeSpec& processor, const ProcessorWrapper& wrapper) {
    WrappedProcessorSupplier supplier = wrapper(processor.name);
    if (supplier.make) {
        processor.make = [make_node = std::move(processor.make),
                          make_wrapped =
                              std::move(supplier.make)]() -> std::unique_ptr<detail::Node> {
            return std::make_unique<WrappedNode>(make_node(), make_wrapped());
        };
    }
    std::vector<detail::StoreSpec> stores;
    stores.reserve(supplier.stores.size());
    for (const StoreDeclaration& store : supplier.stores) {
        stores.push_back(store.spec());
    }
    return stores;
}

}  // namespace topology
}  // namespace millrace
