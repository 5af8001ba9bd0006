// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/error_place.hpp"

#include <string_view>

namespace millrace::runtime {

std::string place_of(const ErrorContext& context) {
    std::string text;
    const auto add = [&](std::string_view what, std::string_view value) {
        if (!value.empty()) {
            text.append(text.empty() ? "" : ", ").append(what).append(value);
        }
    };
    const auto number = [](std::int64_t value) {
        return value < 0 ? std::string() : std::to_string(value);
    };
    add("node ", context.node);
    add("topic ", context.topic);
    add("partition ", number(context.partition));
    add("offset ", number(context.offset));
    if (!text.empty()) {
        add("task ", to_string(context.task));
    }
    return text.empty() ? text : text + ": ";
}

SerdeError with_stores_of(std::string_view node, const detail::TopologySpec& spec,
                          const Error& error) {
    std::string stores;
    for (const detail::NodeSpec& each : spec.nodes) {
        for (const std::string& store : each.stores) {
            if (each.name == node) {
                stores.append(stores.empty() ? "" : ", ").append(store);
            }
        }
    }
    if (stores.empty()) {
        return SerdeError(error.what());
    }
    return SerdeError(error.what() + (" (the node uses store " + stores) +
                      ", whose rows may be of another type)");
}

}  // namespace millrace::runtime
