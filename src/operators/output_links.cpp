// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/nodes/node.hpp"

#include <algorithm>
#include <utility>

namespace millrace::detail {

OutputLinks::~OutputLinks() = default;

void OutputLinks::add_child(void* input, const Node* node) {
    children_.push_back({input, node});
}

void OutputLinks::link(const Node& parent, std::type_index key, std::type_index value,
                       Node& child) {
    const InputPort port = child.input_port();
    if (port.key_type == key && port.value_type == value) {
        add_child(port.input, &child);
        return;
    }
    std::unique_ptr<Converter> converter;
    if (port.convert != nullptr) {
        converter = port.convert(key, value, port.input);
    }
    if (converter == nullptr) {
        types_differ(parent, key, value, child, port);
    }
    converters_.push_back(std::move(converter));
    add_child(converters_.back()->input(), &child);
}

void OutputLinks::set_hook(void* input, void* through) {
    add_child(input, nullptr);
    through_ = through;
}

const OutputLinks::Child* OutputLinks::child_of(std::string_view name) const {
    const auto found = std::ranges::find_if(
        children_, [name](const Child& child) { return child.node->name() == name; });
    return found == children_.end() ? nullptr : &*found;
}

void OutputLinks::failed(TaskContext& context, const Child& child) {
    if (child.node == nullptr) {
        throw;
    }
    context.processing_failed(*child.node);
}

}  // namespace millrace::detail
