// SPDX-License-Identifier: Apache-2.0

// processing.guarantee=exactly_once_v2: every record counts once, whatever fails.
#include "millrace/core/error.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "state/format/state_corrupted.hpp"
#include "support/exactly_once_application.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ExactlyOnce = support::ExactlyOnceApplication;
using support::counting_topology;
using support::relay_topology;
using ::testing::AllOf;
using testing::BrokerFault;
using testing::BrokerOperation;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FaultMoment;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::RecordsShown;
using ::testing::SizeIs;

TEST_F(ExactlyOnce, CommitsOutputAndOffsetsTogether) {
    create_topics(2);
    const auto streams = counter();
    streams->start();
    produce_rounds(25);

    ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
    expect_each_record_counted_once();
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(ExactlyOnce, HidesOutputUntilTheCommit) {
    create_topics(1);
    auto settings = exactly_once();
    settings.commit_interval = 9s;
    const auto streams = client(counting_topology(on_record), settings);
    streams->start();
    produce_rounds(1);
    ASSERT_TRUE(processed.wait_for(kKeys));

    EXPECT_THAT(broker.records("out"), IsEmpty());

    EXPECT_TRUE(streams->close(60s));
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, LeavesNoTransactionOpenWhenTheClientEndsWithoutACommit) {
    create_topics(1);
    auto settings = exactly_once();
    settings.commit_interval = 9s;
    const Topology topology = relay_topology([](const support::StringRecord& record) {
        if (record.value == "bad") {
            throw std::runtime_error("bad record");
        }
    });
    const auto streams = client(topology, settings);
    produce("a");
    broker.produce("in", {.key = "k", .value = "bad"});
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_TRUE(streams->close(60s));

    broker.produce("out", {.key = "later", .value = "v"});

    EXPECT_THAT(table("out"), ElementsAre(Pair("later", "v")));
    EXPECT_THAT(broker.committed_offsets("app"), IsEmpty());
}

TEST_F(ExactlyOnce, ContinuesWhereTheLastTransactionEndedAfterARestart) {
    create_topics(2);
    for (int run = 0; run < 3; ++run) {
        const auto streams = counter();
        streams->start();
        produce_rounds(5);
        ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
        EXPECT_TRUE(streams->close(60s));
    }
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, ContinuesAfterClientsThatEndedLikeACrash) {
    create_topics(2);
    for (int run = 1; run <= 4; ++run) {
        auto settings = exactly_once();
        settings.set("consumer.session.timeout.ms", "1000");
        settings.set("consumer.heartbeat.interval.ms", "100");
        const auto streams = client(counting_topology(on_record), settings);
        const int before = processed.count();
        streams->start();
        produce_rounds(20);
        ASSERT_TRUE(processed.wait_for(before + 10 * kKeys));
    }
    const auto streams = counter();
    streams->start();
    ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
    EXPECT_TRUE(streams->close(60s));
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, KeepsTheStateWhenTheGuaranteeChanges) {
    create_topics(2);
    for (int run = 0; run < 4; ++run) {
        const auto streams =
            client(counting_topology(on_record), run % 2 == 0 ? config() : exactly_once());
        streams->start();
        produce_rounds(5);
        ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
        EXPECT_TRUE(streams->close(60s));
    }
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, NeitherLosesNorDoublesWhenThreadsAreAddedAndRemoved) {
    create_topics(4);
    const auto streams = counter();
    streams->start();
    for (int run = 0; run < 3; ++run) {
        produce_rounds(20);
        ASSERT_TRUE(streams->add_stream_thread());
        produce_rounds(20);
        ASSERT_TRUE(streams->remove_stream_thread());
    }
    ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
    EXPECT_TRUE(streams->close(60s));
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, NeitherLosesNorDoublesWhenInstancesJoinAndLeave) {
    create_topics(4);
    const auto first = counter("one");
    first->start();
    produce_rounds(20);
    for (int run = 0; run < 3; ++run) {
        const auto second = counter("two");
        second->start();
        produce_rounds(20);
        ASSERT_TRUE(second->wait_for(ClientState::kRunning, 60s));
        produce_rounds(20);
        EXPECT_TRUE(second->close(60s));
    }
    ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
    EXPECT_TRUE(first->close(60s));
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, DiscardsTheOutputOfATaskWhoseStateIsDamaged) {
    create_topics(2);
    std::atomic<int> records{0};
    const auto damaged_once = [&](const support::StringRecord& record) {
        on_record(record);
        if (++records == 30) {
            throw state::StateCorrupted("damaged by a test");
        }
    };
    auto settings = exactly_once();
    settings.commit_interval = 2s;
    const auto streams = client(counting_topology(damaged_once), settings);
    streams->start();
    produce_rounds(20);

    ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
    EXPECT_TRUE(streams->close(60s));
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, DiscardsTheOutputOfRevokedTasksThatAreNotCommitted) {
    create_topics(4);
    auto settings = exactly_once();
    settings.commit_interval = 9s;
    const auto first = client(counting_topology(on_record), settings);
    first->start();
    produce_rounds(5);
    ASSERT_TRUE(processed.wait_for(5 * kKeys));
    broker.fail_next(BrokerOperation::kSendOffsets, BrokerFault::kNotReady);
    const auto second = counter("two");
    second->start();
    ASSERT_TRUE(second->wait_for(ClientState::kRunning, 60s));
    produce_rounds(5);

    EXPECT_TRUE(first->close(60s));
    ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
    EXPECT_TRUE(second->close(60s));
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, DiscardsTheOutputOfAMemberThatTheGroupHasRemoved) {
    create_topics(2);
    const auto streams = counter();
    streams->start();
    produce_rounds(20);
    ASSERT_TRUE(processed.wait_for(10));

    for (const auto& member : broker.members("app")) {
        broker.expire_member("app", member.member_id);
    }
    produce_rounds(20);

    ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
    EXPECT_TRUE(streams->close(60s));
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, DeliversTheDeadLetterOfAFailureButNotTheOutputBeforeIt) {
    create_topics(1);
    broker.create_topic("rejected", 1);
    auto settings = exactly_once();
    settings.commit_interval = 9s;
    settings.errors_dead_letter_queue_topic_name = "rejected";
    const Topology topology = relay_topology([](const support::StringRecord& record) {
        if (record.value == "bad") {
            throw std::runtime_error("bad record");
        }
    });
    produce("a");
    broker.produce("in", {.key = "k", .value = "bad"});
    const auto streams = client(topology, settings);
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(table("rejected"), ElementsAre(Pair("k", "bad")));
    EXPECT_THAT(broker.records("out"), IsEmpty());
    EXPECT_THAT(broker.committed_offsets("app"), IsEmpty());
}

TEST_F(ExactlyOnce, RefusesToContinueWithoutARecordThatTheBrokerRefused) {
    create_topics(1);
    auto settings = exactly_once();
    settings.production_exception_handler = [](const ErrorContext&, const FailedRecord&,
                                               const std::exception&) {
        return ErrorResponse{ErrorDecision::kResume, {}};
    };
    const auto streams = client(relay_topology(on_record), settings);
    keep_errors(*streams);
    broker.fail_next(BrokerOperation::kProduce, BrokerFault::kInvalidRecord);
    produce("a");
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(errors(), Contains(AllOf(HasSubstr("a transaction cannot be committed without"),
                                         HasSubstr("topic out, partition 0"))));
}

TEST_F(ExactlyOnce, RefusesACommitIntervalThatTheTransactionTimeoutWouldEnd) {
    create_topics(1);
    auto settings = exactly_once();
    settings.commit_interval = 10s;
    try {
        client(relay_topology(on_record), settings);
        FAIL();
    } catch (const ConfigError& error) {
        EXPECT_THAT(error.what(), HasSubstr("commit.interval.ms = 10000 must be less than "
                                            "producer.transaction.timeout.ms = 10000"));
    }
}

TEST_F(ExactlyOnce, WaitsForTheTransactionCoordinator) {
    create_topics(2);
    expect_log("waiting for the transaction coordinator");
    broker.fail_next(BrokerOperation::kInitTransactions, BrokerFault::kNotReady);
    const auto streams = counter();
    streams->start();
    produce_rounds(5);

    EXPECT_TRUE(logged.wait_for(1));
    ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
    EXPECT_TRUE(streams->close(60s));
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, NamesTheTransactionalIdThatIsNotAuthorized) {
    create_topics(1);
    broker.fail_next(BrokerOperation::kInitTransactions, BrokerFault::kAuthorization);
    const auto streams = counter();
    keep_errors(*streams);
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("cannot initialise transactions"),
                                            HasSubstr("transactional.id app-"))));
}

TEST_F(ExactlyOnce, SaysThatTheOutcomeOfACommitIsUnknown) {
    create_topics(1);
    expect_log("it is unknown whether the transaction is committed");
    const auto streams = counter();
    streams->start();
    broker.fail_next(BrokerOperation::kCommitTransaction, BrokerFault::kTransport,
                     FaultMoment::kAfter);
    produce_rounds(1);

    EXPECT_TRUE(logged.wait_for(1));
    ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
    EXPECT_TRUE(streams->close(60s));
    expect_each_record_counted_once();
}

TEST_F(ExactlyOnce, SaysWhenTheTransactionOfAnEndedClientStaysOpen) {
    create_topics(1);
    expect_log("an open transaction could not be aborted");
    auto settings = exactly_once();
    settings.commit_interval = 9s;
    const auto streams = client(counting_topology(on_record), settings);
    streams->start();
    produce_rounds(1);
    ASSERT_TRUE(processed.wait_for(kKeys));
    broker.set_available(false);
    streams->close(1s);

    EXPECT_TRUE(logged.wait_for(1));
    broker.set_available(true);
}

TEST_F(ExactlyOnce, LeavesNoTransactionOpenWhenTheLastCommitFails) {
    for (const auto fault : {BrokerFault::kIllegalGeneration, BrokerFault::kUnknownMember,
                             BrokerFault::kAuthorization, BrokerFault::kTransport}) {
        for (const auto operation :
             {BrokerOperation::kSendOffsets, BrokerOperation::kCommitTransaction}) {
            testing::EmbeddedBroker fresh;
            fresh.create_topic("in", 1);
            fresh.create_topic("out", 1);
            auto settings = exactly_once(std::to_string(static_cast<int>(fault)) + "-" +
                                         std::to_string(static_cast<int>(operation)));
            settings.commit_interval = 9s;
            const int before = processed.count();
            KafkaStreams streams(relay_topology(on_record), settings, fresh.clients());
            streams.start();
            fresh.produce("in", {.key = "k", .value = "v"});
            ASSERT_TRUE(processed.wait_for(before + 1));
            fresh.fail_next(operation, fault);
            streams.close(60s);

            fresh.produce("out", {.key = "later", .value = "v"});
            EXPECT_THAT(fresh.records("out"), ::testing::Not(IsEmpty())) << "still open";
        }
    }
}

TEST_F(ExactlyOnce, RefusesTimeoutsThatAreNoNumbers) {
    for (const char* value : {"abc", "0", "-1", "9999999999", "10s"}) {
        auto settings = exactly_once();
        settings.set("producer.transaction.timeout.ms", value);
        try {
            client(relay_topology(on_record), settings);
            FAIL() << value;
        } catch (const ConfigError& error) {
            EXPECT_THAT(error.what(), HasSubstr("producer.transaction.timeout.ms = \"" +
                                                std::string(value) + "\" must be an integer"));
        }
    }
}

}  // namespace
}  // namespace millrace
