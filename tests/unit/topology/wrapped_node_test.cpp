// SPDX-License-Identifier: Apache-2.0
#include "operators/wrapped_node.hpp"

#include "millrace/millrace.hpp"
#include "topology/task_topology.hpp"

#include <gmock/gmock.h>

#include <numeric>
#include <string>
#include <vector>

namespace millrace::topology {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The wrapped nodes of a task, of a topology with processors "first" and "second".
std::vector<std::string> wrapped_nodes(const ProcessorWrapper& wrapper) {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("in")
        .peek([](const std::string&) {}, {.name = "first"})
        .peek([](const std::string&) {}, {.name = "second"})
        .to("out");
    const Topology topology = std::move(builder).build({.processor_wrapper = wrapper});
    std::vector<std::size_t> all(topology.spec().nodes.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const TaskTopology task = make_task_topology(topology.spec(), all, "0_0");
    std::vector<std::string> wrapped;
    for (const auto& node : task.nodes()) {
        if (dynamic_cast<const WrappedNode*>(node.get()) != nullptr) {
            wrapped.push_back(node->name());
        }
    }
    return wrapped;
}

// So a record has no overhead there.
TEST(WrappedNode, IsNotUsedWithoutAWrapper) {
    EXPECT_THAT(wrapped_nodes({}), IsEmpty());
}

TEST(WrappedNode, ReplacesOnlyProcessorsWithAWrapper) {
    const auto around_the_second = [](const std::string& name) {
        WrappedProcessorSupplier supplier;
        if (name == "second") {
            supplier.make = [] { return std::make_unique<WrappedProcessor>(); };
        }
        return supplier;
    };

    EXPECT_THAT(wrapped_nodes(around_the_second), ElementsAre("second"));
}

}  // namespace
}  // namespace millrace::topology
