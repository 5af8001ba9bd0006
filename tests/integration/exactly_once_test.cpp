// SPDX-License-Identifier: Apache-2.0

// Processes with exactly_once_v2 on Apache Kafka, which are killed, frozen and stopped.
#include "integration/child_process.hpp"
#include "integration/topic_reader.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;

constexpr Partition kPartitions = 4;
constexpr int kKeys = 8;

/// Two processes that share one application, and its topics.
class ExactlyOnceOnKafka : public ::testing::Test {
  protected:
    void start(const std::string& workload, std::size_t process) {
        processes_.at(process) = std::make_unique<ChildProcess>(
            std::vector<std::string>{MILLRACE_PROGRAM_DIR "/system_app",
                                     "--workload",
                                     workload,
                                     "--bootstrap-servers",
                                     broker_.bootstrap_servers(),
                                     "--application-id",
                                     application_,
                                     "--state-dir",
                                     (folder_.path() / std::to_string(process)).string(),
                                     "--input",
                                     in_,
                                     "--output",
                                     out_,
                                     "--guarantee",
                                     "exactly_once_v2",
                                     "--commit-interval-ms",
                                     "50",
                                     "--cache-bytes",
                                     "0",
                                     "--threads",
                                     "2",
                                     "--config",
                                     "session.timeout.ms=6000",
                                     "--config",
                                     "heartbeat.interval.ms=1000",
                                     "--config",
                                     "replication.factor=1"},
            (folder_.path() / ("log" + std::to_string(process))).string());
    }

    /// Sends `count` records to each key.
    void produce(int count) {
        const auto topic = producer_->topic(in_);
        for (int i = 0; i < count; ++i) {
            for (int key = 0; key < kKeys; ++key) {
                const std::string name = "key" + std::to_string(key);
                ASSERT_TRUE(producer_->send({.topic = topic, .key = name, .value = "v"}).ok());
            }
        }
        ASSERT_TRUE(producer_->flush(kPatience).ok());
        sent_ += count;
    }

    /// Waits until there is a count for each record.
    void wait_for_output() {
        const auto expected = static_cast<std::size_t>(sent_) * kKeys;
        const auto deadline = std::chrono::steady_clock::now() + 120s;
        std::size_t read = 0;
        while (read < expected && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(100ms);
            read = reader_.read_all(out_, kPartitions).size();
        }
        ASSERT_GE(read, expected) << processes_[0]->output() << processes_[1]->output();
    }

    void expect_counts_in_order() {
        std::map<std::string, std::int64_t> counts;
        for (const ReadRecord& record : reader_.read_all(out_, kPartitions)) {
            EXPECT_EQ(record.count(), ++counts[record.key]) << record.key;
        }
        for (int key = 0; key < kKeys; ++key) {
            EXPECT_EQ(counts["key" + std::to_string(key)], sent_);
        }
    }

    KafkaBroker& broker_ = KafkaBroker::shared();
    std::shared_ptr<kafka::ClientSupplier> clients_ = real_clients();
    std::string application_ = unique_name("exactly-once");
    std::string in_ = make_topic(*clients_, "in", kPartitions);
    std::string out_ = make_topic(*clients_, "out", kPartitions);
    RecordingProducerListener listener_;
    std::unique_ptr<kafka::Producer> producer_ = clients_->make_producer({}, listener_);
    TopicReader reader_{broker_.bootstrap_servers()};
    TemporaryDirectory folder_;
    std::array<std::unique_ptr<ChildProcess>, 2> processes_;
    int sent_ = 0;
};

TEST_F(ExactlyOnceOnKafka, CountsEveryRecordOnceAlthoughProcessesAreKilled) {
    start("count", 0);
    start("count", 1);
    for (int round = 0; round < 3; ++round) {
        produce(200);
        std::this_thread::sleep_for(500ms + 217ms * round);
        const auto victim = static_cast<std::size_t>(round % 2);
        processes_.at(victim)->stop(SIGKILL);
        produce(200);
        start("count", victim);
    }
    wait_for_output();
    EXPECT_EQ(processes_[0]->stop(SIGTERM), 0);
    EXPECT_EQ(processes_[1]->stop(SIGTERM), 0);
    expect_counts_in_order();
}

TEST_F(ExactlyOnceOnKafka, CountsRepartitionedRecordsOnceAlthoughProcessesAreStoppedAndKilled) {
    start("repartitioned-count", 0);
    start("repartitioned-count", 1);
    const auto topic = producer_->topic(in_);
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 400; ++i) {
            const std::string key = std::to_string(i);
            const std::string value = "key" + std::to_string(i % kKeys) + ":v";
            ASSERT_TRUE(producer_->send({.topic = topic, .key = key, .value = value}).ok());
        }
        ASSERT_TRUE(producer_->flush(kPatience).ok());
        sent_ += 400 / kKeys;
        std::this_thread::sleep_for(700ms);
        processes_.at(0)->stop(round == 0 ? SIGTERM : SIGKILL);
        start("repartitioned-count", 0);
    }
    wait_for_output();
    EXPECT_EQ(processes_[0]->stop(SIGTERM), 0);
    EXPECT_EQ(processes_[1]->stop(SIGTERM), 0);
    expect_counts_in_order();
}

}  // namespace
}  // namespace millrace::testing
