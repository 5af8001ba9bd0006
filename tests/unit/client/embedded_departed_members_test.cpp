// SPDX-License-Identifier: Apache-2.0

// Exactly-once: instances that stop within a commit, and leave a transaction open.
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"
#include "support/forwarding_producer.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <span>
#include <string>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using support::counting_topology;
using support::Events;
using ::testing::IsEmpty;

/// An instance that stands still in its next commit, after it has sent its offsets.
struct Freeze {
    std::atomic<bool> begins{false};
    Events frozen;
    Events continues;
};

class FreezingProducer final : public support::ForwardingProducer {
  public:
    FreezingProducer(std::unique_ptr<kafka::Producer> to, Freeze& freeze)
        : ForwardingProducer(std::move(to)), freeze_(freeze) {}

    kafka::Status commit_transaction(milliseconds timeout) override {
        if (freeze_.begins.exchange(false)) {
            freeze_.frozen.happened();
            while (!freeze_.continues.wait_for(1)) {
            }
        }
        return ForwardingProducer::commit_transaction(timeout);
    }

  private:
    Freeze& freeze_;
};

using FreezingClients = support::ReplacedProducers<FreezingProducer, Freeze>;

/// Whether the frozen instance leads the group, and whether its producers take turns.
struct Case {
    bool leads = false;
    bool two_producers = false;
};

class DepartedMembers : public support::EmbeddedApplication,
                        public ::testing::WithParamInterface<Case> {
  protected:
    std::unique_ptr<KafkaStreams> instance(const std::string& name, Freeze& freeze) {
        StreamsConfig with = config(name);
        with.processing_guarantee = ProcessingGuarantee::kExactlyOnceV2;
        with.commit_interval = GetParam().two_producers ? 20ms : 200ms;
        with.set("session.timeout.ms", "1000");
        with.set("max.poll.interval.ms", "1500");
        with.set("transaction.timeout.ms", "600000");
        auto made = std::make_unique<KafkaStreams>(
            counting_topology(on_record), with,
            std::make_shared<FreezingClients>(broker.clients(), freeze));
        keep_errors(*made);
        made->start();
        return made;
    }

    bool count_to(const std::string& count) {
        for (int key = 0; key < kKeys; ++key) {
            produce("k" + std::to_string(key));
        }
        return eventually([&] {
            const auto rows = table("out");
            return rows.size() == kKeys &&
                   std::all_of(rows.begin(), rows.end(),
                               [&](const auto& row) { return row.second == count; });
        });
    }

    static constexpr int kKeys = 20;
};

INSTANTIATE_TEST_SUITE_P(Instances, DepartedMembers,
                         ::testing::Values(Case{true, false}, Case{false, false}, Case{true, true},
                                           Case{false, true}),
                         [](const auto& given) {
                             return std::string(given.param.leads ? "Leader" : "Follower") +
                                    (given.param.two_producers ? "WithTwoProducers" : "");
                         });

TEST_P(DepartedMembers, DoNotDelayTheirTasksUntilTheirTransactionTimesOut) {
    create_topics(4);
    Freeze freeze;
    Freeze none;
    const auto leader = instance("one", GetParam().leads ? freeze : none);
    ASSERT_TRUE(eventually([&] { return tasks_of(*leader) == 4; }));
    const auto other = instance("two", GetParam().leads ? none : freeze);
    ASSERT_TRUE(eventually([&] { return tasks_of(*leader) == 2 && tasks_of(*other) == 2; }));
    ASSERT_TRUE(count_to("1"));

    freeze.begins = true;
    EXPECT_TRUE(count_to("2"));

    EXPECT_EQ(freeze.frozen.count(), 1);
    freeze.continues.happened();
    EXPECT_TRUE(eventually([&] { return tasks_of(*leader) == 2 && tasks_of(*other) == 2; }));
    EXPECT_TRUE(count_to("3"));
    EXPECT_THAT(errors(), IsEmpty());
    EXPECT_EQ(broker.records("out").size(), 3U * kKeys);
}

}  // namespace
}  // namespace millrace
