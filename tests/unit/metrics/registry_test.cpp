// SPDX-License-Identifier: Apache-2.0
#include "metrics/registry.hpp"

#include <gmock/gmock.h>

namespace millrace::metrics {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

TEST(MetricsRegistry, ReturnsTheSameCounterForTheSameName) {
    Registry registry;
    const MetricName name{"process-total", "stream-thread-metrics", {{"thread-id", "t-1"}}};

    registry.counter(name)->add(2);
    registry.counter(name)->add(3);

    EXPECT_THAT(registry.snapshot(), ElementsAre(Field(&ClientMetric::value, 5.0)));
}

TEST(MetricsRegistry, RemovesTheMetricsOfAnEndedTask) {
    Registry registry;
    const auto counter = registry.counter({"dropped-records-total", "g", {{"task-id", "0_1"}}});
    registry.computed({"lag", "g", {{"task-id", "0_1"}}}, [] { return 1.0; });

    registry.remove_tagged("task-id", "0_1");
    counter->add();

    EXPECT_THAT(registry.snapshot(), IsEmpty());
}

TEST(MetricsRegistry, EvaluatesGaugesWhenTheSnapshotIsTaken) {
    Registry registry;
    double value = 1;
    registry.computed({"alive", "g", {}}, [&value] { return value; });
    value = 7;

    EXPECT_THAT(registry.snapshot(), ElementsAre(Field(&ClientMetric::value, 7.0)));
}

}  // namespace
}  // namespace millrace::metrics
