// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/nodes/process.hpp"
#include "millrace/processor/processor.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace millrace::detail {
namespace {

class Ignoring final : public Processor<std::string, std::string> {
  public:
    void process(const Record<std::string, std::string>&) override {}
};

TEST(ProcessorFactory, CopiesTheSupplierForEachTask) {
    std::vector<int> calls;
    const NodeFactory factory = processor_factory("p", [&calls, count = 0]() mutable {
        calls.push_back(++count);
        return std::make_unique<Ignoring>();
    });
    factory();
    factory();
    EXPECT_THAT(calls, ::testing::ElementsAre(1, 1));
}

}  // namespace
}  // namespace millrace::detail
