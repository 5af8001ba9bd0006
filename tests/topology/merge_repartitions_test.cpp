// SPDX-License-Identifier: Apache-2.0

// merge.repartition.topics must change the internal topics only, never the results.
#include "driver.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Texts = KStream<Text, Text>;
using Longs = KStream<Text, std::int64_t>;

TopologyOptions merged() {
    return {.merge_repartition_topics = true};
}

const auto kFirstLetter = [](const Text& value) { return value.substr(0, 1); };
const auto kLength = [](const Text& value) { return static_cast<std::int64_t>(value.size()); };

void global_join_to_another_type(StreamsBuilder& builder) {
    const auto lengths = builder.global_table<Text, Text>("table");
    const auto joined = builder.stream<Text, Text>("in")
                            .select_key(kFirstLetter)
                            .left_join(
                                lengths, [](const Text& key, const Text&) { return key; },
                                [](const Text& value, const Text*) { return kLength(value); });
    joined.group_by_key().count({.store = "counts"}).to_stream().to("counted");
    joined.group_by_key()
        .reduce([](std::int64_t a, std::int64_t b) { return a + b; }, {.store = "sums"})
        .to_stream()
        .to("summed");
}

TEST(MergeRepartitions, KeepsTopicsAfterAGlobalJoinThatChangesTheType) {
    EXPECT_EQ(described(global_join_to_another_type, merged()),
              described(global_join_to_another_type));

    Program run(global_join_to_another_type, merged());
    run.pipe("in", "k", "abc", 1);
    run.pipe("in", "k", "ab", 2);
    EXPECT_THAT(run.lines<std::int64_t>("counted"), ElementsAre("a=1@1", "a=2@2"));
    EXPECT_THAT(run.lines<std::int64_t>("summed"), ElementsAre("a=3@1", "a=5@2"));
}

TEST(MergeRepartitions, KeepsGroupingsOfAStreamThatWasMergedInBetween) {
    const auto program = [](StreamsBuilder& builder) {
        const Texts keyed = builder.stream<Text, Text>("in").select_key(kFirstLetter);
        const KStream<Text, MaybeText> wide = keyed;
        keyed.filter([](const Text&) { return true; }).group_by_key().count({.store = "one"});
        wide.group_by_key().count({.store = "two"}).to_stream().to("out");
    };
    Program run(program, merged());
    run.pipe("in", "k", "abc", 1);

    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a=1@1"));
}

TEST(MergeRepartitions, KeepsAGroupingThatAnotherStreamAlsoReaches) {
    const auto program = [](StreamsBuilder& builder) {
        const auto keyed = builder.stream<Text, Text>("in").select_key(kFirstLetter);
        keyed.group_by_key().count({.store = "one"});
        keyed.merge(builder.stream<Text, Text>("other").select_key(kFirstLetter))
            .group_by_key()
            .count({.store = "two"});
    };

    EXPECT_THAT(described(program, merged()), HasSubstr("two-repartition"));
}

TEST(MergeRepartitions, KeepsAGroupingOfAStreamMergedWithItselfUnderAnotherKey) {
    const auto program = [](StreamsBuilder& builder) {
        const auto keyed = builder.stream<Text, Text>("in").select_key(kFirstLetter);
        keyed.group_by_key().count({.store = "one"});
        keyed.merge(keyed.select_key([](const Text& value) { return value; }))
            .group_by_key()
            .count({.store = "two"});
    };

    EXPECT_THAT(described(program, merged()), HasSubstr("two-repartition"));
}

TEST(MergeRepartitions, BuildsAGroupingAfterTwoMerges) {
    const auto program = [](StreamsBuilder& builder) {
        const auto keyed = [&](const char* topic) {
            return builder.stream<Text, Text>(topic).select_key(kFirstLetter);
        };
        const auto all = keyed("in").merge(keyed("other")).merge(keyed("third"));
        all.group_by_key().count({.store = "one"}).to_stream().to("out");
        all.group_by_key().count({.store = "two"});
    };
    TopologyOptions defects = merged();
    defects.reproduce_kafka_defects = true;
    EXPECT_THROW(described(program, defects), TopologyError);

    Program run(program, merged());
    run.pipe("in", "k", "ab", 1);
    run.pipe("third", "k", "ac", 2);
    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a=1@1", "a=2@2"));
    EXPECT_THAT(described(program, merged()), Not(HasSubstr("two-repartition")));
}

TEST(MergeRepartitions, KeepsNullKeysForOtherTargets) {
    const auto program = [](StreamsBuilder& builder) {
        const auto kept =
            builder.stream<Text, Text>("in")
                .select_key([](const Text& v) { return v == "none" ? std::nullopt : MaybeText(v); })
                .filter([](const Text&) { return true; });
        kept.group_by_key().count({.store = "counts"}).to_stream().to("counted");
        kept.to("all");
    };
    Program run(program, merged());
    run.pipe("in", "k", "none", 1);
    run.pipe("in", "k", "a", 2);

    EXPECT_THAT(run.lines("all"), ElementsAre("-=none@1", "a=a@2"));
    EXPECT_THAT(run.lines<std::int64_t>("counted"), ElementsAre("a=1@2"));
}

/// A random topology over streams of two types, with a topic for each result.
class RandomProgram {
  public:
    explicit RandomProgram(unsigned seed) : random_(seed) {}

    void operator()(StreamsBuilder& builder) {
        texts_.push_back(builder.stream<Text, Text>("in"));
        texts_.push_back(builder.stream<Text, Text>("other"));
        const auto global = builder.global_table<Text, Text>("table");
        for (int step = 0; step < 12; ++step) {
            add(global);
        }
        for (std::size_t i = 0; i < texts_.size(); i += 2) {
            result(texts_[i]);
        }
        for (const Longs& longs : longs_) {
            result(longs);
        }
    }

    const std::set<std::string>& topics() const { return topics_; }

  private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    const Texts& text() {
        return texts_[texts_.size() - 1 - below(std::min<std::size_t>(3, texts_.size()))];
    }

    void add(const GlobalKTable<Text, Text>& global) {
        const auto by_key = [](const Text& key, const auto&) { return key; };
        const Texts from = text();
        switch (below(9)) {
            case 0:
                return texts_.push_back(from.filter([](const Text& v) { return v != "ab"; }));
            case 1:
                return texts_.push_back(from.select_key(kFirstLetter));
            case 2:
                return texts_.push_back(from.map_values([](const Text& v) { return v + "m"; }));
            case 3:
                return texts_.push_back(from.merge(text()));
            case 4:
                return longs_.push_back(from.left_join(
                    global, by_key, [](const Text& v, const Text*) { return kLength(v); }));
            case 5:
                return texts_.push_back(from.left_join(
                    global, by_key, [](const Text& v, const Text*) { return v + "j"; }));
            case 6:
                return longs_.push_back(from.map_values(kLength));
            case 7:
                return from.to(topic());
            default:
                return longs_.empty() ? void()
                                      : texts_.push_back(longs_.back().left_join(
                                            global, by_key, [](std::int64_t v, const Text*) {
                                                return std::to_string(v);
                                            }));
        }
    }

    std::string topic() { return *topics_.insert("out-" + std::to_string(topics_.size())).first; }

    template <class Stream>
    void result(const Stream& stream) {
        const std::string name = topic();
        stream.group_by_key()
            .count({.store = "store-" + name})
            .to_stream()
            .map_values([](std::int64_t n) { return std::to_string(n); })
            .to(name);
    }

    std::mt19937 random_;
    std::vector<Texts> texts_;
    std::vector<Longs> longs_;
    std::set<std::string> topics_;
};

/// All results of a random topology, by topic, sorted as text, because the results of one record
/// may have another order if they pass through a topic.
std::vector<std::string> results(unsigned seed, const TopologyOptions& options) {
    RandomProgram random(seed);
    std::vector<std::string> all;
    Program run([&](StreamsBuilder& builder) { random(builder); }, options,
                {{"default.dsl.store", "in_memory"}, {"statestore.cache.max.bytes", "0"}});
    int time = 0;
    for (const char* value : {"a", "ab", "abc", "b", "ba", "ab"}) {
        ++time;
        run.pipe(time % 2 == 0 ? "in" : "other", "k", value, time);
    }
    for (const std::string& topic : random.topics()) {
        for (const std::string& line : run.lines(topic)) {
            all.push_back(topic + ": " + line);
        }
    }
    std::sort(all.begin(), all.end());
    return all;
}

/// The nodes with stores that records with a changed key reach without a repartition topic.
std::vector<std::string> not_repartitioned(const Topology& topology) {
    const auto& nodes = topology.spec().nodes;
    const auto is_changed = [&](const auto& self, const std::string& name) -> bool {
        const auto node = std::find_if(nodes.begin(), nodes.end(),
                                       [&](const auto& each) { return each.name == name; });
        return node->name.starts_with("KSTREAM-KEY-SELECT") ||
               std::any_of(node->parents.begin(), node->parents.end(),
                           [&](const std::string& parent) { return self(self, parent); });
    };
    std::vector<std::string> wrong;
    for (const auto& node : nodes) {
        if (node.name.starts_with("KSTREAM-AGGREGATE") && is_changed(is_changed, node.name)) {
            wrong.push_back(node.name);
        }
    }
    return wrong;
}

TEST(MergeRepartitions, DoesNotChangeTheResultsOfRandomTopologies) {
    for (unsigned seed = 0; seed < 400; ++seed) {
        ASSERT_EQ(results(seed, merged()), results(seed, {})) << "seed " << seed;

        RandomProgram random(seed);
        StreamsBuilder builder;
        random(builder);
        ASSERT_THAT(not_repartitioned(std::move(builder).build(merged())), ElementsAre())
            << "seed " << seed;
    }
}

}  // namespace
}  // namespace millrace
