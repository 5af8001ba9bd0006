// SPDX-License-Identifier: Apache-2.0
#include "core/type_name.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/node.hpp"

#include <string>

namespace millrace::detail {
namespace {

std::string types_text(std::type_index key, std::type_index value) {
    return "keys of type " + type_name(key.name()) + " and values of type " +
           type_name(value.name());
}

}  // namespace

void types_differ(const Node& parent, std::type_index key, std::type_index value, const Node& child,
                  const InputPort& port) {
    throw TopologyError("record types differ on the edge " + parent.name() + " -> " + child.name() +
                        ": the first forwards " + types_text(key, value) + ", the second accepts " +
                        types_text(port.key_type, port.value_type));
}

}  // namespace millrace::detail
