// SPDX-License-Identifier: Apache-2.0

// Output of tasks that move to another member.
#include "support/driven_threads.hpp"
#include "support/forwarding_clients.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::Pair;
using ::testing::SizeIs;

/// Counts producers.
class CountedProducers final : public support::ForwardingClients {
  public:
    using ForwardingClients::ForwardingClients;

    std::unique_ptr<kafka::Producer> make_producer(const kafka::ClientSettings& settings,
                                                   kafka::ProducerListener& listener) override {
        ++made;
        return ForwardingClients::make_producer(settings, listener);
    }

    int made = 0;
};

class StreamThreadRevocation : public support::DrivenThreads {
  protected:
    /// The count of every key in its changelog and in the output.
    void expect_counts(const std::string& count) {
        EXPECT_THAT(table("out"), AllOf(SizeIs(kKeys), Each(Pair(::testing::_, count))));
        EXPECT_THAT(table("app-counts-changelog"),
                    AllOf(SizeIs(kKeys), Each(Pair(::testing::_, count))));
    }

    static constexpr int kKeys = 16;
};

/// Deliveries fail that many rounds after another thread has started to join.
class StreamThreadRevocationTurns : public StreamThreadRevocation,
                                    public ::testing::WithParamInterface<int> {};

TEST_P(StreamThreadRevocationTurns, LoseNothingWhenDeliveriesFail) {
    producer_settings["message.timeout.ms"] = "5";
    settings.commit_interval = 1min;
    StreamThread& first = add_thread();
    ASSERT_TRUE(run_until_running());
    produce_keys(kKeys);
    ASSERT_TRUE(run_until([this] { return committed() == kKeys; }, 10'000));
    StreamThread& second = add_thread();

    run(GetParam());
    produce_keys(kKeys);
    broker.disconnect("t1-producer");
    run(2);
    broker.reconnect("t1-producer");

    ASSERT_TRUE(run_until([&] { return second.metadata().tasks.size() == 2; }));
    ASSERT_TRUE(run_until_running());
    EXPECT_TRUE(run_until([this] { return committed() == 2 * kKeys; }, 10'000));
    EXPECT_EQ(first.metadata().tasks.size(), 2U);
    expect_counts("2");
}

INSTANTIATE_TEST_SUITE_P(Turn, StreamThreadRevocationTurns, ::testing::Range(0, 16));

TEST_F(StreamThreadRevocation, OutputThatIsNotAcknowledgedInTimeIsDroppedAndProducedAgain) {
    settings.commit_interval = 10s;
    add_thread();
    produce_keys(kKeys);
    ASSERT_TRUE(run_until([this] { return committed() == kKeys; }, 10'000));
    broker.disconnect("t1-producer");
    produce_keys(kKeys);
    ASSERT_TRUE(run_until([&] { return processed == 2 * kKeys; }));

    StreamThread& second = add_thread();
    ASSERT_TRUE(run_until([&] { return second.metadata().tasks.size() == 2; }));
    ASSERT_TRUE(run_until([&] { return second.state() == ThreadState::kRunning; }));
    run(1'100);
    EXPECT_GT(broker.records("out").size(), std::size_t{kKeys}) << "the second continues";
    broker.reconnect("t1-producer");

    ASSERT_TRUE(run_until_running());
    ASSERT_TRUE(run_until([this] { return committed() == 2 * kKeys; }, 10'000));
    expect_counts("2");
    EXPECT_THAT(broker.records("out"), SizeIs(2 * kKeys)) << "nothing came late";
}

TEST_F(StreamThreadRevocation, NothingIsWrittenOnceTheAssignmentIsLost) {
    add_thread();
    produce_keys(kKeys);
    ASSERT_TRUE(run_until([this] { return committed() == kKeys; }));
    broker.disconnect("t1-producer");
    produce_keys(kKeys);
    ASSERT_TRUE(run_until([&] { return processed == 2 * kKeys; }));
    std::string first;
    for (const auto& member : broker.members("app")) {
        first = member.member_id;
    }

    // Another member replaces it without its knowledge.
    broker.expire_member("app", first);
    std::vector<std::unique_ptr<StreamThread>> zombie;
    zombie.swap(threads);
    zombie.front()->run_once(clock.now());
    broker.reconnect("t1-producer");
    zombie.front()->run_once(clock.now());
    zombie.front()->run_once(clock.now());

    EXPECT_THAT(broker.records("app-counts-changelog"), SizeIs(kKeys)) << "nothing came late";
    threads.swap(zombie);
    ASSERT_TRUE(run_until([this] { return committed() == 2 * kKeys; }));
    expect_counts("2");
}

TEST_F(StreamThreadRevocation, OutputThatIsNotCommittedIsDroppedBeforeTheGroupIsLeft) {
    const auto counted = std::make_shared<CountedProducers>(clients);
    clients = counted;
    StreamThread& thread = add_thread();
    produce_keys(kKeys);
    ASSERT_TRUE(run_until([this] { return committed() == kKeys; }));
    broker.disconnect("t1-producer");
    produce_keys(kKeys);
    ASSERT_TRUE(run_until([&] { return processed == 2 * kKeys; }));
    const int before = counted->made;
    int at_the_end = 0;
    faults.closed = [&] { at_the_end = counted->made; };

    thread.close(0ms);

    EXPECT_EQ(at_the_end, before + 1) << "the one that held it is gone";
}

}  // namespace
}  // namespace millrace::runtime
