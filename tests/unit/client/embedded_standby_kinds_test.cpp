// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using Text = std::string;

/// Windowed results get the window's start as part of their key.
struct Label {
    template <class W, class V>
    Text operator()(const W& windowed, const V&) const {
        return windowed.key + "@" + std::to_string(milliseconds_of(windowed.window.start));
    }
};

/// Prefixes keys, so that results of different stores have different keys.
template <class Stream>
void send(const Stream& stream, const Text& kind, const Text& out) {
    stream.select_key([kind](const Text& key, const auto&) { return kind + ":" + key; }).to(out);
}

Text pair_of(const Text& left, const Text& right) {
    return left + "," + right;
}

/// One store of each kind, in one sub-topology.
Topology all_kinds(const Text& out) {
    StreamsBuilder builder;
    const auto table = builder.table<Text, Text>("table", {.store = "table"});
    const auto versions =
        builder.table<Text, Text>("versions", {.store = "versions", .history = 1h});
    const auto in = builder.stream<Text, Text>("in");
    const auto grouped = in.group_by_key();
    const auto windows = grouped.windowed_by(TimeWindows::of(10ms).grace(5ms));
    send(grouped.count({.store = "on-disk"}).to_stream(), "on-disk", out);
    send(grouped
             .reduce([](const Text& a, const Text& b) { return a + b; },
                     {.store = "in-memory", .engine = StoreEngine::kInMemory, .caching = false})
             .to_stream(),
         "in-memory", out);
    send(windows.count({.store = "windows"}).to_stream_by(Label()), "windows", out);
    send(windows.count({.store = "suppressed"})
             .suppress(UntilWindowCloses{.name = "suppress"})
             .to_stream_by(Label()),
         "suppressed", out);
    send(grouped.windowed_by(SessionWindows::of(3ms).grace(5ms))
             .count({.store = "sessions"})
             .to_stream_by(Label()),
         "sessions", out);
    send(in.join(table, pair_of), "table", out);
    send(in.join(versions, pair_of), "versions", out);
    send(in.join(builder.stream<Text, Text>("other"), pair_of, JoinWindows::of(1ms),
                 {.store = "joined"}),
         "joined", out);
    return std::move(builder).build(TopologyOptions::optimized());
}

/// The way in which the owner of the tasks ends.
enum class Ending { kCloses, kDies };

struct Variant {
    bool exactly_once;
    Ending ending;
};

/// An application with a store of each kind, whose tasks are replaced by their standbys. The same
/// application with one instance, which stays, shows what is expected.
class EmbeddedStandbyKinds : public support::EmbeddedApplication,
                             public ::testing::WithParamInterface<Variant> {
  protected:
    EmbeddedStandbyKinds() {
        for (const char* topic : {"in", "other", "table", "versions", "out", "expected"}) {
            broker.create_topic(topic, 2);
        }
    }

    StreamsConfig config_of(const std::string& application, const std::string& instance) const {
        StreamsConfig with = config(instance);
        with.application_id = application;
        with.num_standby_replicas = 1;
        if (GetParam().exactly_once) {
            with.processing_guarantee = ProcessingGuarantee::kExactlyOnceV2;
        }
        return with;
    }

    void produce_to(const std::string& topic, int round) {
        for (int key = 0; key < 8; ++key) {
            for (int i = 0; i < 3; ++i) {
                broker.produce(topic, {.key = "k" + std::to_string(key),
                                       .value = topic + std::to_string(round * 3 + i),
                                       .timestamp = timestamp_of(1000 + round * 20 + i)});
            }
        }
        produced += 24;
    }

    bool processed_by(const std::string& application) const {
        return eventually([&] {
            std::int64_t records = 0;
            for (const auto& [partition, offset] : broker.committed_offsets(application)) {
                records += offset;
            }
            return records >= produced;
        });
    }

    /// One topic after the other, because the order between topics is open.
    bool process(int round) {
        for (const char* topic : {"table", "versions", "other", "in"}) {
            produce_to(topic, round);
            if (!processed_by("app") || !processed_by("reference")) {
                return false;
            }
        }
        return true;
    }

    void end(std::unique_ptr<KafkaStreams> client) {
        if (GetParam().ending == Ending::kCloses) {
            ASSERT_TRUE(client->close(60s));
            return;
        }
        const std::string thread = client->metadata_for_local_threads().front().name;
        client.reset();
        for (const auto& member : broker.members("app")) {
            if (member.client_id.starts_with(thread)) {
                broker.expire_member("app", member.member_id);
            }
        }
    }

    std::int64_t produced = 0;
};

INSTANTIATE_TEST_SUITE_P(Guarantees, EmbeddedStandbyKinds,
                         ::testing::Values(Variant{false, Ending::kCloses},
                                           Variant{true, Ending::kCloses},
                                           Variant{true, Ending::kDies}),
                         [](const auto& variant) {
                             return std::string(variant.param.exactly_once ? "ExactlyOnce"
                                                                           : "AtLeastOnce") +
                                    (variant.param.ending == Ending::kDies ? "Dies" : "Closes");
                         });

TEST_P(EmbeddedStandbyKinds, GoOnWhereTheirTasksStopped) {
    const auto reference = client(all_kinds("expected"), config_of("reference", "reference"));
    auto leaves = client(all_kinds("out"), config_of("app", "leaves"));
    const auto stays = client(all_kinds("out"), config_of("app", "stays"));
    reference->start();
    leaves->start();
    ASSERT_TRUE(leaves->wait_for(ClientState::kRunning, 60s));
    stays->start();
    ASSERT_TRUE(eventually([&] {
        return tasks_of(*leaves) == 1 && tasks_of(*stays) == 1 &&
               stays->state() == ClientState::kRunning;
    }));
    ASSERT_TRUE(process(0));
    ASSERT_TRUE(process(1));
    if (GetParam().exactly_once) {
        produce_to("in", 2);  // The end is in the middle of a transaction.
    }

    end(std::move(leaves));

    ASSERT_TRUE(eventually([&] { return tasks_of(*stays) == 2; }));
    ASSERT_TRUE(process(3));
    ASSERT_TRUE(process(4));
    EXPECT_EQ(table("out"), table("expected"));
    EXPECT_GT(table("out").size(), 40U);
}

TEST_P(EmbeddedStandbyKinds, OfStoresMoveBetweenTheThreadsOfTheirClient) {
    const auto reference = client(all_kinds("expected"), config_of("reference", "reference"));
    const auto moves = client(all_kinds("out"), config_of("app", "moves"));
    reference->start();
    moves->start();
    ASSERT_TRUE(process(0));
    for (int round = 1; round < 5; ++round) {
        if (round % 2 == 1) {
            ASSERT_TRUE(moves->add_stream_thread());
            ASSERT_TRUE(eventually([&] {
                const auto threads = moves->metadata_for_local_threads();
                return std::all_of(threads.begin(), threads.end(),
                                   [](const auto& thread) { return thread.tasks.size() == 1; });
            }));
        } else {
            ASSERT_TRUE(moves->remove_stream_thread(60s));
        }
        ASSERT_TRUE(process(round));
    }

    EXPECT_EQ(table("out"), table("expected"));
    EXPECT_GT(table("out").size(), 40U);
}

}  // namespace
}  // namespace millrace
