// SPDX-License-Identifier: Apache-2.0

// The page-views example, run as its own program on a real Apache Kafka.
#include "core/random.hpp"
#include "integration/child_process.hpp"
#include "integration/topic_reader.hpp"
#include "millrace/core/time.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <thread>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;

class PageViewsOnKafka : public ::testing::Test {
  protected:
    PageViewsOnKafka() {
        for (const char* topic : {"views", "articles", "authors", "visits", "views-by-author"}) {
            // A foreign-key join does not need co-partitioning.
            kafka::NewTopic made{.name = topic,
                                 .partitions = topic == std::string("authors") ? 3 : 2};
            const auto admin = clients->make_admin({});
            const auto created = admin->create_topics({&made, 1}, kPatience);
            if (!created.ok() || !created.value().front().ok()) {
                throw std::runtime_error(std::string("cannot make topic ") + topic);
            }
        }
    }
    ~PageViewsOnKafka() override { std::filesystem::remove_all(folder); }

    void produce(const std::string& topic, const std::string& key, const std::string& value,
                 Timestamp time) {
        ASSERT_TRUE(producer
                        ->send({.topic = producer->topic(topic),
                                .key = key,
                                .value = value,
                                .timestamp = time})
                        .ok());
        ASSERT_TRUE(producer->flush(kPatience).ok());
    }

    std::vector<std::string> visits_of(const std::string& user) const {
        std::vector<std::string> visits;
        for (const auto& record : reader.read_all("visits", 2)) {
            if (record.key == user) {
                visits.push_back(record.value);
            }
        }
        return visits;
    }

    std::unique_ptr<ChildProcess> run() {
        std::filesystem::create_directories(folder);
        return std::make_unique<ChildProcess>(
            std::vector<std::string>{PAGE_VIEWS_PROGRAM, "--bootstrap-servers",
                                     broker.bootstrap_servers(), "--state-dir", folder + "/state",
                                     "--config", "commit.interval.ms=200"},
            folder + "/log");
    }

    static bool eventually(const std::function<bool()>& holds) {
        const auto deadline = std::chrono::steady_clock::now() + 2min;
        while (!holds() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(100ms);
        }
        return holds();
    }

    // Its topics have fixed names.
    KafkaBroker broker;
    std::shared_ptr<kafka::ClientSupplier> clients = clients_of(broker);
    RecordingProducerListener listener;
    std::unique_ptr<kafka::Producer> producer = clients->make_producer({}, listener);
    TopicReader reader{broker.bootstrap_servers()};
    std::string folder = std::filesystem::temp_directory_path() / unique_name("page-views");
};

TEST_F(PageViewsOnKafka, KeepVisitsAndCountsOverARestart) {
    Timestamp now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) - 48h;
    produce("authors", "1", "Ann", now);
    produce("articles", "a1", "1", now);
    auto process = run();
    // A view counts if the article's author is known when it arrives, and is sent a minute later.
    ASSERT_TRUE(eventually([&] {
        produce("views", "early", "a1", now += 2min);
        return !reader.read_all("views-by-author", 2).empty();
    })) << process->output();
    produce("views", "ann", "a1", now += 1h);
    produce("views", "ann", "a2", now += 20min);
    EXPECT_EQ(process->stop(), 0) << process->output();

    std::filesystem::remove_all(folder + "/state");
    process = run();
    produce("views", "ann", "a1", now += 10min);
    for (int user = 0; user < 8; ++user) {
        // In both partitions, because each task has its own stream time.
        produce("views", "late-" + std::to_string(user), "a1", now + 4h);
    }

    EXPECT_TRUE(eventually([&] { return !visits_of("ann").empty(); })) << process->output();
    EXPECT_EQ(process->stop(), 0) << process->output();
    EXPECT_THAT(visits_of("ann"), Contains("3 pages in 30 min"))
        << "begun before the restart, its state rebuilt from the changelogs";
}

}  // namespace
}  // namespace millrace::testing
