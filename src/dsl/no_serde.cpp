// SPDX-License-Identifier: Apache-2.0
#include "core/type_name.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/dsl/dsl_graph.hpp"

namespace millrace::detail {

SerdeNeed need_of_repartition(const RepartitionStep& step) {
    return {
        "the repartition topic " + step.topic,
        "convert the keys and values to types with a serde before the stream is grouped or joined"};
}

SerdeNeed need_of_store(const std::string& node, const std::string& store) {
    return {"the store " + store + " of " + node, "leave out the store of this table"};
}

SerdeNeed need_of_own_store(const std::string& node, const std::string& store) {
    return {"the store " + store + " of " + node, {}};
}

SerdeNeed need_of_node(const std::string& node) {
    return {node, {}};
}

SerdeNeed need_of_grace(const std::string& node) {
    return {"the record buffer of join " + node, "leave out Joined::grace"};
}

void no_serde(const SerdeNeed& need, const char* part, const std::type_info& type) {
    const std::string name = type_name(type.name());
    throw TopologyError(std::string("no serde for ") + part + " of type " + name + ": " +
                        need.place + " needs one; specialise millrace::Serde<" + name +
                        ">, or give a custom serde in the options" +
                        (need.instead.empty() ? "" : ", or " + need.instead));
}

}  // namespace millrace::detail
