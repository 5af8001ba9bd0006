// SPDX-License-Identifier: Apache-2.0

// ProducerCollector whose producer has repeated a request of a transaction: the unanswered copy may
// arrive during the next transaction.
#include "runtime/commit/producer_collector.hpp"
#include "runtime/task/task_errors.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// What the producers do, and what Kafka answers them.
struct Cluster {
    std::vector<std::string> calls;  // With the number of the producer.
    int producers = 0;
    bool unanswered = false;         // For the producers that exist.
    kafka::Status initialised = {};  // The result of init_transactions.
};

class Producer final : public kafka::Producer {
  public:
    explicit Producer(Cluster& cluster) : cluster_(cluster), number_(++cluster.producers) {
        cluster_.unanswered = false;
    }

    kafka::TopicHandle topic(const std::string&) override { return {}; }
    kafka::Result<Partition> partition_count(kafka::TopicHandle,
                                             std::chrono::milliseconds) override {
        return Partition{1};
    }
    kafka::Status send(const kafka::ProducerRecord&) override { return {}; }
    void poll() override {}
    kafka::Status flush(std::chrono::milliseconds) override { return {}; }
    void purge() override {}
    kafka::Status init_transactions(std::chrono::milliseconds) override {
        const kafka::Status status = note("init");
        return status.ok() ? cluster_.initialised : status;
    }
    kafka::Status begin_transaction() override { return note("begin"); }
    kafka::Status send_offsets(std::span<const kafka::OffsetCommit>, const kafka::GroupMetadata&,
                               std::chrono::milliseconds) override {
        return note("offsets");
    }
    kafka::Status commit_transaction(std::chrono::milliseconds) override { return note("commit"); }
    kafka::Status abort_transaction(std::chrono::milliseconds) override { return note("abort"); }
    bool has_unanswered_requests() const override { return cluster_.unanswered; }

  private:
    kafka::Status note(const char* call) {
        cluster_.calls.push_back(call + std::to_string(number_));
        return {};
    }

    Cluster& cluster_;
    int number_;
};

class Clients final : public kafka::ClientSupplier {
  public:
    explicit Clients(Cluster& cluster) : cluster_(cluster) {}

    std::unique_ptr<kafka::Consumer> make_consumer(const kafka::ClientSettings&,
                                                   std::shared_ptr<kafka::GroupAssignor>) override {
        return nullptr;
    }
    std::unique_ptr<kafka::Producer> make_producer(const kafka::ClientSettings&,
                                                   kafka::ProducerListener&) override {
        return std::make_unique<Producer>(cluster_);
    }
    std::unique_ptr<kafka::Admin> make_admin(const kafka::ClientSettings&) override {
        return nullptr;
    }

  private:
    Cluster& cluster_;
};

class UnansweredRequests : public ::testing::Test {
  protected:
    UnansweredRequests() {
        EXPECT_TRUE(collector.initialise(1s));
        send();
        cluster.calls.clear();
    }

    void send() {
        collector.send(collector.topic("out"), {.key = {},
                                                .value = "v",
                                                .timestamp = {},
                                                .headers = nullptr,
                                                .partition = 0,
                                                .partition_key = {},
                                                .acknowledged = nullptr});
    }

    kafka::Status commit() {
        const kafka::OffsetCommit offset{{"in", 0}, 7, -1, {}};
        return collector.commit_transaction({&offset, 1}, {}, 1s);
    }

    Cluster cluster;
    ManualClock clock;
    ProducerCollector collector{{.supplier = std::make_shared<Clients>(cluster),
                                 .producer_settings = {{"transactional.id", "app-1"}},
                                 .settings = std::make_shared<TaskSettings>(),
                                 .dropped = std::make_shared<metrics::Counter>(),
                                 .clock = &clock,
                                 .metadata_timeout = 100ms}};
};

TEST_F(UnansweredRequests, KeepTheProducerIfThereAreNone) {
    EXPECT_TRUE(commit().ok());
    send();
    EXPECT_THAT(cluster.calls, ElementsAre("offsets1", "commit1", "begin1"));
}

TEST_F(UnansweredRequests, AreFencedByANewProducerBeforeTheNextTransaction) {
    cluster.unanswered = true;
    EXPECT_TRUE(commit().ok());
    send();
    EXPECT_THAT(cluster.calls, ElementsAre("offsets1", "commit1", "init2", "begin2"));
}

TEST_F(UnansweredRequests, PreventTheNextTransactionUntilTheNewProducerIsInitialised) {
    cluster.unanswered = true;
    cluster.initialised = {kafka::ErrorCode::kTimedOut, "no answer"};
    EXPECT_TRUE(commit().ok()) << "this transaction is committed";
    EXPECT_THROW(send(), RestartFromCommit);

    cluster.initialised = {};
    EXPECT_TRUE(collector.initialise(1s));
    send();
    EXPECT_THAT(cluster.calls, ElementsAre("offsets1", "commit1", "init2", "init2", "begin2"));
}

TEST_F(UnansweredRequests, AreFencedAfterAnAbort) {
    cluster.unanswered = true;
    collector.abort_transaction(1s);
    send();
    EXPECT_THAT(cluster.calls, ElementsAre("abort1", "init2", "begin2"));
}

}  // namespace
}  // namespace millrace::runtime
