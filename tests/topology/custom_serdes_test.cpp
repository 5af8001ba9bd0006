// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::ThrowsMessage;

/// Types without a Serde: only options can give them one.
struct Place {
    std::string name;
    auto operator<=>(const Place&) const = default;
};
struct Sum {
    int total = 0;
    bool operator==(const Sum&) const = default;
};

class PlaceSerde final : public CustomSerde<Place> {
  public:
    Bytes serialize(const Place& value) const override { return "@" + value.name; }
    Place deserialize(BytesView bytes) const override { return {std::string(bytes.substr(1))}; }
};
class SumSerde final : public CustomSerde<Sum> {
  public:
    Bytes serialize(const Sum& value) const override { return std::to_string(value.total); }
    Sum deserialize(BytesView bytes) const override { return {std::stoi(std::string(bytes))}; }
};

const auto kPlaces = std::make_shared<PlaceSerde>();
const auto kSums = std::make_shared<SumSerde>();
const auto kAdd = [](Sum sum, const Sum& one) { return Sum{sum.total + one.total}; };
const auto kSame = [](const Sum& sum) { return sum; };
const auto kName = [](const Place& place, const Sum&) { return place; };

KStream<Place, Sum> sums_in(StreamsBuilder& builder) {
    return builder.stream<Place, Sum>("in", {.key_serde = kPlaces, .value_serde = kSums});
}
Materialized<Place, Sum> kept_in(std::string store) {
    return {.store = std::move(store), .key_serde = kPlaces, .value_serde = kSums};
}

/// Records in and out of a topology, as bytes.
class Piped {
  public:
    explicit Piped(StreamsBuilder builder) : driver_(std::move(builder).build()) {}

    Piped& pipe(const std::string& topic, const std::string& key, const std::string& value,
                std::chrono::milliseconds time = 0ms) {
        driver_.pipe({.topic = topic, .key = key, .value = value, .timestamp = Timestamp(time)});
        return *this;
    }
    std::vector<std::pair<std::string, std::string>> out(const std::string& topic = "out") {
        return driver_.output_topic<std::string, std::string>(topic).drain_key_values();
    }
    testing::TopologyTestDriver& driver() { return driver_; }

  private:
    testing::TopologyTestDriver driver_;
};

TEST(CustomSerdeAlone, OfAStreamServesAllThatIsBelow) {
    StreamsBuilder builder;
    sums_in(builder).filter([](const Sum& sum) { return sum.total > 1; }).to("out");
    Piped piped(std::move(builder));
    piped.pipe("in", "@a", "1").pipe("in", "@a", "2");
    EXPECT_THAT(piped.out(), ElementsAre(Pair("@a", "2")));
}

TEST(CustomSerdeAlone, OfASinkIsEnoughForWhatWasMadeOnTheWay) {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("in")
        .map([](const std::string& key, const std::string& value) {
            return std::pair(Place{key}, Sum{std::stoi(value)});
        })
        .to("out", {.key_serde = kPlaces, .value_serde = kSums});
    Piped piped(std::move(builder));
    piped.pipe("in", "a", "7");
    EXPECT_THAT(piped.out(), ElementsAre(Pair("@a", "7")));
}

TEST(CustomSerdeAlone, OfATableServesItsStoreAndWhatIsComputedFromIt) {
    StreamsBuilder builder;
    builder.table<Place, Sum>("in", kept_in("sums"))
        .map_values(kSame, kept_in("same"))
        .filter([](const Sum& sum) { return sum.total < 3; }, kept_in("small"))
        .to_stream()
        .to("out", {.value_serde = kSums});
    Piped piped(std::move(builder));
    piped.pipe("in", "@a", "1").pipe("in", "@a", "2");
    EXPECT_THAT(piped.out(), ElementsAre(Pair("@a", "1"), Pair("@a", "2")));
    EXPECT_THAT(piped.driver().key_value_store("same").get("@a").value_or("none").substr(8), "2");
}

TEST(CustomSerdeAlone, OfATableThatIsMadeOfAStream) {
    StreamsBuilder builder;
    sums_in(builder).to_table({.store = "sums"}).to_stream().to("out");
    Piped piped(std::move(builder));
    EXPECT_THAT(piped.pipe("in", "@a", "1").out(), ElementsAre(Pair("@a", "1")));
}

TEST(CustomSerdeAlone, ServesGroupsAndAggregates) {
    StreamsBuilder builder;
    const auto grouped = sums_in(builder).group_by(kName, {.key_serde = kPlaces});
    grouped.reduce(kAdd).to_stream().to("reduced");
    grouped.aggregate(Sum{}, kAdd, {.value_serde = kSums}).to_stream().to("aggregated");
    grouped.count()
        .to_stream()
        .map_values([](std::int64_t n) { return std::to_string(n); })
        .to("counted");
    Piped piped(std::move(builder));
    piped.pipe("in", "@a", "2").pipe("in", "@a", "3");
    EXPECT_THAT(piped.out("reduced"), ElementsAre(Pair("@a", "2"), Pair("@a", "5")));
    EXPECT_THAT(piped.out("aggregated"), ElementsAre(Pair("@a", "2"), Pair("@a", "5")));
    EXPECT_THAT(piped.out("counted"), ElementsAre(Pair("@a", "1"), Pair("@a", "2")));
}

TEST(CustomSerdeAlone, ServesWindowsSlidingWindowsAndSessions) {
    StreamsBuilder builder;
    const auto grouped = sums_in(builder).group_by_key();
    grouped.windowed_by(TimeWindows::of(10ms))
        .aggregate(Sum{}, kAdd, {.value_serde = kSums})
        .to_stream()
        .to("tumbling");
    grouped.windowed_by(SlidingWindows::of(10ms)).reduce(kAdd).to_stream().to("sliding");
    grouped.windowed_by(SessionWindows::of(10ms))
        .aggregate(Sum{}, kAdd, [](Sum a, const Sum& b) { return Sum{a.total + b.total}; },
                   {.value_serde = kSums})
        .to_stream_by([](const auto& key, const auto&) { return key.key; })
        .to("sessions", {.key_serde = kPlaces});
    Piped piped(std::move(builder));
    piped.pipe("in", "@a", "2", 100ms);
    const std::string tumbling = "@a" + Serde<std::int64_t>::serialize(100);
    EXPECT_THAT(piped.out("tumbling"), ElementsAre(Pair(tumbling, "2")));
    EXPECT_THAT(piped.out("sliding"),
                ElementsAre(Pair("@a" + Serde<std::int64_t>::serialize(90), "2")));
    EXPECT_THAT(piped.out("sessions"), ElementsAre(Pair("@a", "2")));
}

TEST(CustomSerdeAlone, ServesRepartitionTopics) {
    StreamsBuilder builder;
    sums_in(builder)
        .select_key(kName)
        .repartition({.name = "again", .key_serde = kPlaces})
        .to("out");
    Piped piped(std::move(builder));
    EXPECT_THAT(piped.pipe("in", "@a", "1").out(), ElementsAre(Pair("@a", "1")));
}

TEST(CustomSerdeAlone, ServesJoinsOfStreams) {
    StreamsBuilder builder;
    const auto other =
        builder.stream<Place, Sum>("other", {.key_serde = kPlaces, .value_serde = kSums});
    sums_in(builder)
        .outer_join(
            other,
            [](const Sum* a, const Sum* b) {
                return Sum{(a != nullptr ? a->total : 0) + (b != nullptr ? b->total : 0)};
            },
            JoinWindows::of(10ms))
        .to("out", {.value_serde = kSums});
    Piped piped(std::move(builder));
    piped.pipe("in", "@a", "1", 1ms).pipe("other", "@a", "2", 2ms);
    EXPECT_THAT(piped.out(), ElementsAre(Pair("@a", "3")));
}

TEST(CustomSerdeAlone, ServesJoinsWithTables) {
    StreamsBuilder builder;
    const auto table = builder.table<Place, Sum>("table", kept_in("sums"));
    const auto global = builder.global_table<Place, Sum>("global", kept_in("everywhere"));
    sums_in(builder)
        .join(table, kAdd)
        .join(
            global, [](const Place& key, const Sum&) { return key; }, kAdd)
        .to("out", {.value_serde = kSums});
    Piped piped(std::move(builder));
    piped.pipe("table", "@a", "10").pipe("global", "@a", "100").pipe("in", "@a", "1");
    EXPECT_THAT(piped.out(), ElementsAre(Pair("@a", "111")));
}

TEST(CustomSerdeAlone, ServesJoinsOfTablesOnPrimaryAndForeignKeys) {
    StreamsBuilder builder;
    const auto left = builder.table<Place, Sum>("left", kept_in("left-rows"));
    const auto right = builder.table<Place, Sum>("right", kept_in("right-rows"));
    left.join(right, kAdd, kept_in("joined")).to_stream().to("out");
    left.join(right, [](const Place& key, const Sum&) { return key; }, kAdd, {},
              {.value_serde = kSums})
        .to_stream()
        .to("foreign");
    Piped piped(std::move(builder));
    piped.pipe("left", "@a", "1").pipe("right", "@a", "2");
    EXPECT_THAT(piped.out(), ElementsAre(Pair("@a", "3")));
    EXPECT_THAT(piped.out("foreign"), ElementsAre(Pair("@a", "3")));
}

TEST(CustomSerdeAlone, ServesGroupedTablesSuppressionsAndCogroups) {
    StreamsBuilder builder;
    builder.table<Place, Sum>("table", kept_in("rows"))
        .group_by([](const Place& key, const Sum& sum) { return std::pair(key, sum); },
                  {.key_serde = kPlaces, .value_serde = kSums})
        .reduce(kAdd, [](Sum a, const Sum& b) { return Sum{a.total - b.total}; })
        .suppress(UntilTimeLimit{.limit = 0ms})
        .to_stream()
        .to("out");
    sums_in(builder)
        .group_by_key()
        .cogroup<Sum>(kAdd)
        .aggregate(Sum{}, {.value_serde = kSums})
        .to_stream()
        .to("cogrouped");
    Piped piped(std::move(builder));
    piped.pipe("table", "@a", "4").pipe("in", "@a", "5");
    EXPECT_THAT(piped.out(), ElementsAre(Pair("@a", "4")));
    EXPECT_THAT(piped.out("cogrouped"), ElementsAre(Pair("@a", "5")));
}

/// Adds up in a store, which it opens without saying how rows become bytes.
class AddUp final : public Processor<Place, Sum, Place, Sum> {
  public:
    void init(Context& context) override {
        context_ = &context;
        store_.emplace(context.store<KeyValueStore<Place, Sum>>("sums"));
    }
    void process(const Record<Place, Sum>& record) override {
        const Sum before = store_->get(record.key).value_or(Sum{});
        const Sum sum{before.total + record.value.total};
        store_->put(record.key, sum);
        context_->forward(record.with_value(sum));
    }

  private:
    Context* context_ = nullptr;
    std::optional<KeyValueStore<Place, Sum>> store_;
};

TEST(CustomSerdeAlone, OfAStoreServesTheProcessorsThatOpenIt) {
    StreamsBuilder builder;
    builder.add_state_store(stores::key_value_store<Place, Sum>(
        stores::in_memory_key_value_store("sums"), kPlaces, kSums));
    sums_in(builder)
        .process([] { return std::make_unique<AddUp>(); }, {.stores = {"sums"}})
        .to("out", {.key_serde = kPlaces, .value_serde = kSums});
    Piped piped(std::move(builder));
    piped.pipe("in", "@a", "2").pipe("in", "@a", "3");
    EXPECT_THAT(piped.out(), ElementsAre(Pair("@a", "2"), Pair("@a", "5")));
    EXPECT_EQ(piped.driver().key_value_store("sums").get("@a"), "5");
}

TEST(CustomSerdeAlone, OfATopologyBuilderServesSourcesAndSinks) {
    TopologyBuilder builder;
    builder.add_source<Place, Sum>("source", {"in"}, {.key_serde = kPlaces, .value_serde = kSums});
    builder.add_sink<Place, Sum>("sink", "out", {"source"},
                                 {.key_serde = kPlaces, .value_serde = kSums});
    testing::TopologyTestDriver driver(builder.build());
    driver.pipe({.topic = "in", .key = "@a", .value = "1", .timestamp = Timestamp{}});
    EXPECT_THAT((driver.output_topic<std::string, std::string>("out").drain_key_values()),
                ElementsAre(Pair("@a", "1")));
}

template <class F>
void expect_no_serde(F program, const std::string& part, const std::string& type,
                     const std::string& place) {
    EXPECT_THAT(
        [&] {
            StreamsBuilder builder;
            program(builder);
        },
        ThrowsMessage<TopologyError>(AllOf(HasSubstr("no serde for " + part + " of type "),
                                           HasSubstr("::" + type + ": "), HasSubstr(place),
                                           HasSubstr("give a custom serde"))));
}

TEST(CustomSerdeAlone, ThatIsLeftOutIsMissedWhenTheTopologyIsWritten) {
    expect_no_serde([](StreamsBuilder& b) { b.stream<Place, Sum>("in", {.value_serde = kSums}); },
                    "keys", "Place", "the source KSTREAM-SOURCE-0000000000 needs one");
    expect_no_serde([](StreamsBuilder& b) { b.table<Place, Sum>("in", {.key_serde = kPlaces}); },
                    "values", "Sum", "the source KSTREAM-SOURCE-");
    expect_no_serde(
        [](StreamsBuilder& b) {
            sums_in(b)
                .map_values([](const Sum& sum) { return Place{std::to_string(sum.total)}; })
                .to("out");
        },
        "values", "Place", "the sink KSTREAM-SINK-");
    expect_no_serde(
        [](StreamsBuilder& b) {
            sums_in(b).group_by_key().aggregate(Sum{}, kAdd, {.store = "sums"});
        },
        "values", "Sum", "the store sums of KSTREAM-AGGREGATE-");
    expect_no_serde(
        [](StreamsBuilder& b) {
            sums_in(b)
                .map([](const Place& place, const Sum& sum) { return std::pair(place, sum); })
                .group_by_key()
                .count({.key_serde = kPlaces});
        },
        "keys", "Place", "the repartition topic KSTREAM-AGGREGATE-");
    expect_no_serde(
        [](StreamsBuilder&) {
            stores::key_value_store<Place, Sum>(stores::in_memory_key_value_store("sums"), kPlaces);
        },
        "values", "Sum", "the store sums needs one");
}

}  // namespace
}  // namespace millrace
