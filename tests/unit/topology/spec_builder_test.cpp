// SPDX-License-Identifier: Apache-2.0
#include "topology/spec_builder.hpp"

#include "millrace/core/error.hpp"
#include "topology/describe.hpp"
#include "topology/sub_topologies.hpp"

#include <gmock/gmock.h>

namespace millrace::topology {
namespace {

using detail::NodeKind;
using detail::NodeSpec;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;

class SpecBuilderTest : public testing::Test {
  protected:
    void source(const std::string& name, std::vector<std::string> topics) {
        builder.add_node(
            {.kind = NodeKind::kSource, .name = name, .make = {}, .topics = std::move(topics)});
    }
    void processor(const std::string& name, std::vector<std::string> parents,
                   std::vector<std::string> stores = {}) {
        builder.add_node({.kind = NodeKind::kProcessor,
                          .name = name,
                          .make = {},
                          .parents = std::move(parents),
                          .stores = std::move(stores)});
    }
    void sink(const std::string& name, const std::string& topic, std::vector<std::string> parents) {
        builder.add_node({.kind = NodeKind::kSink,
                          .name = name,
                          .make = {},
                          .parents = std::move(parents),
                          .topics = {topic}});
    }
    void repartition(const std::string& topic, std::optional<std::int32_t> partitions = {}) {
        builder.add_repartition_topic({topic, partitions});
    }

    detail::TopologySpec spec;
    SpecBuilder builder{spec};
};

TEST_F(SpecBuilderTest, RefusesASecondNodeWithTheSameName) {
    source("s", {"a"});

    EXPECT_THAT([&] { source("s", {"b"}); },
                ThrowsMessage<TopologyError>(HasSubstr("already exists: s")));
}

TEST_F(SpecBuilderTest, RefusesATopicThatIsAlreadyRead) {
    source("s", {"a", "b"});

    EXPECT_THAT([&] { source("t", {"b", "c"}); },
                ThrowsMessage<TopologyError>(HasSubstr("topic b is read by source s")));
}

TEST_F(SpecBuilderTest, RefusesAPatternThatMatchesATopicThatIsAlreadyRead) {
    source("s", {"orders-eu"});
    NodeSpec pattern{.kind = NodeKind::kSource, .name = "p", .make = {}, .pattern = "orders-.*"};

    EXPECT_THAT([&] { builder.add_node(pattern); },
                ThrowsMessage<TopologyError>(HasSubstr("matches topic orders-eu")));
}

TEST_F(SpecBuilderTest, RefusesAnUnknownParentAndASinkAsParent) {
    source("s", {"a"});
    sink("k", "out", {"s"});

    EXPECT_THAT([&] { processor("p", {"missing"}); },
                ThrowsMessage<TopologyError>(HasSubstr("parent missing of node p")));
    EXPECT_THAT([&] { processor("p", {"k"}); }, ThrowsMessage<TopologyError>(HasSubstr("sink k")));
}

TEST_F(SpecBuilderTest, RefusesAMissingOrDuplicateStore) {
    source("s", {"a"});
    builder.add_store({.name = "kept"});

    EXPECT_THAT([&] { processor("p", {"s"}, {"missing"}); },
                ThrowsMessage<TopologyError>(HasSubstr("store missing does not exist")));
    EXPECT_THAT([&] { builder.add_store({.name = "kept"}); },
                ThrowsMessage<TopologyError>(HasSubstr("already exists: kept")));
}

TEST_F(SpecBuilderTest, RefusesCopartitionedTopicsOfDifferentEnforcedCounts) {
    repartition("x-repartition", 2);
    repartition("y-repartition", 3);
    source("x", {"x-repartition"});
    source("y", {"y-repartition"});

    EXPECT_THAT(
        [&] { builder.copartition({"x", "y"}); },
        ThrowsMessage<TopologyError>(HasSubstr("x-repartition has 2, y-repartition has 3")));
}

TEST_F(SpecBuilderTest, DescribesInTheFormOfKafkaStreams) {
    source("source", {"in"});
    builder.add_store({.name = "counts"});
    processor("count", {"source"}, {"counts"});
    sink("sink", "out", {"count"});

    EXPECT_EQ(describe(spec), R"(Topologies:
   Sub-topology: 0
    Source: source (topics: [in])
      --> count
    Processor: count (stores: [counts])
      --> sink
      <-- source
    Sink: sink (topic: out)
      <-- count

)");
}

TEST_F(SpecBuilderTest, SplitsAtRepartitionTopicsAndJoinsThroughSharedStores) {
    repartition("by-word-repartition");
    builder.add_store({.name = "shared"});
    source("b", {"in"});
    sink("k", "by-word-repartition", {"b"});
    source("c", {"by-word-repartition"});
    processor("p", {"c"}, {"shared"});
    source("a", {"other"});
    processor("q", {"a"}, {"shared"});

    const ApplicationTopology app = split(spec, "app");

    ASSERT_EQ(app.sub_topologies.size(), 2U);
    EXPECT_THAT(app.sub_topologies[0].sink_topics, ElementsAre("app-by-word-repartition"))
        << "its first node was added first";
    const SubTopology& second = app.sub_topologies[1];
    EXPECT_THAT(second.nodes, ElementsAre(2U, 3U, 4U, 5U));
    EXPECT_THAT(second.source_topics, ElementsAre("app-by-word-repartition", "other"));
    EXPECT_EQ(second.changelogs.at("shared").name, "app-shared-changelog");
}

TEST_F(SpecBuilderTest, GivesWindowChangelogsTheRetentionOfTheStoreAndADay) {
    builder.add_store({.name = "w",
                       .kind = detail::StoreKind::kTimestampedWindow,
                       .retention = std::chrono::hours(1)});
    source("s", {"in"});
    processor("p", {"s"}, {"w"});

    const auto app = split(spec, "app");

    EXPECT_THAT(app.sub_topologies[0].changelogs.at("w").config,
                UnorderedElementsAre(Pair("cleanup.policy", "compact,delete"),
                                     Pair("message.timestamp.type", "CreateTime"),
                                     Pair("retention.ms", "90000000")));
    EXPECT_THAT(split(spec, "app", std::chrono::milliseconds(5))
                    .sub_topologies[0]
                    .changelogs.at("w")
                    .config,
                Contains(Pair("retention.ms", "3600005")));
}

TEST_F(SpecBuilderTest, PlansRepartitionTopicsAsLargeAsTheLargestSourceUpstream) {
    repartition("one-repartition");
    repartition("two-repartition");
    source("s", {"small", "large"});
    sink("k1", "one-repartition", {"s"});
    source("t", {"one-repartition"});
    sink("k2", "two-repartition", {"t"});
    source("u", {"two-repartition"});
    builder.add_store({.name = "kept"});
    processor("p", {"u"}, {"kept"});

    const auto plan = plan_partitions(split(spec, "app"), {{"small", 2}, {"large", 6}});

    EXPECT_THAT(plan.internal_topics,
                UnorderedElementsAre(Pair("app-one-repartition", 6), Pair("app-two-repartition", 6),
                                     Pair("app-kept-changelog", 6)));
    EXPECT_THAT(plan.tasks, ElementsAre(6, 6, 6));
}

TEST_F(SpecBuilderTest, PlansCopartitionedRepartitionTopicsLikeTheTopicTheyAreJoinedWith) {
    repartition("r-repartition");
    repartition("down-repartition");
    source("s", {"in"});
    sink("k", "r-repartition", {"s"});
    source("t", {"r-repartition"});
    source("u", {"table"});
    processor("p", {"t", "u"});
    sink("k2", "down-repartition", {"p"});
    source("v", {"down-repartition"});
    builder.copartition({"t", "u"});

    const auto plan = plan_partitions(split(spec, "app"), {{"in", 2}, {"table", 5}});

    EXPECT_EQ(plan.internal_topics.at("app-r-repartition"), 5);
}

TEST_F(SpecBuilderTest, RefusesToPlanCopartitionedTopicsThatDiffer) {
    source("s", {"in"});
    source("t", {"table"});
    processor("p", {"s", "t"});
    builder.copartition({"s", "t"});

    EXPECT_THAT([&] { plan_partitions(split(spec, "app"), {{"in", 2}, {"table", 5}}); },
                ThrowsMessage<TopologyError>(HasSubstr("in has 2, table has 5")));
    EXPECT_THAT([&] { plan_partitions(split(spec, "app"), {{"in", 2}}); },
                ThrowsMessage<TopologyError>(HasSubstr("topic table does not exist")));
}

TEST_F(SpecBuilderTest, NumbersGlobalStoresAmongSubTopologies) {
    builder.add_global_store({.name = "rates"},
                             {.kind = NodeKind::kSource, .name = "a", .make = {}, .topics = {"r"}},
                             {.kind = NodeKind::kProcessor, .name = "update", .make = {}});
    source("b", {"in"});

    const auto app = split(spec, "app");

    ASSERT_EQ(app.sub_topologies.size(), 1U);
    EXPECT_EQ(app.sub_topologies[0].id, 1);
    EXPECT_THAT(app.sub_topologies[0].stores, IsEmpty());
    EXPECT_THAT(describe(spec),
                HasSubstr("Sub-topology: 0 for global store (will not generate tasks)\n"
                          "    Source: a (topics: [r])\n"));
}

}  // namespace
}  // namespace millrace::topology
