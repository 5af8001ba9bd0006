// SPDX-License-Identifier: Apache-2.0

// The example program as users run it: processes on a real Apache Kafka.
#include "expected.hpp"
#include "generator.hpp"
#include "integration/child_process.hpp"
#include "integration/topic_reader.hpp"
#include "payments.pb.h"
#include "rules.hpp"
#include "support/kafka_broker.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::Eq;
using ::testing::Gt;
using ::testing::IsSubsetOf;
using ::testing::IsSupersetOf;

constexpr int kPartitions = 4;
constexpr const char* kApplication = "fraud-detection";

class FraudDetectionOnKafka : public ::testing::Test {
  protected:
    FraudDetectionOnKafka() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "millrace-fraud-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("cannot make a folder");
        }
        folder_ = pattern;
    }
    ~FraudDetectionOnKafka() override { std::filesystem::remove_all(folder_); }

    void TearDown() override {
        if (HasFailure()) {
            for (const auto& file : std::filesystem::directory_iterator(folder_)) {
                if (file.path().extension() == ".log") {
                    std::ifstream log(file.path());
                    std::cerr << "--- " << file.path().filename() << "\n" << log.rdbuf() << "\n";
                }
            }
        }
    }

    // Traffic whose last payments are current, as the broker requires.
    void use_traffic(std::uint64_t seed, std::size_t cards, std::uint64_t payments) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        traffic =
            fraud::ending_before(std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
                                 {.seed = seed, .cards = cards}, payments);
        expected = fraud::expect(traffic, payments);
    }

    std::unique_ptr<ChildProcess> generate(std::uint64_t payments, std::uint64_t skip, int rate) {
        return start("generator",
                     {"--generate", "--payments", std::to_string(payments), "--skip",
                      std::to_string(skip), "--rate", std::to_string(rate), "--seed",
                      std::to_string(traffic.seed), "--cards", std::to_string(traffic.cards),
                      "--first-day", std::to_string(traffic.first_day_ms / 86'400'000)});
    }

    // A process of the application with its own state folder. The payments' first day may be two
    // days ago, and the broker deletes changelog records by timestamp.
    std::unique_ptr<ChildProcess> run(const std::string& name) {
        return start(name, {"--state-dir", state_dir(name), "--threads", "2", "--config",
                            "commit.interval.ms=500", "--config",
                            "windowstore.changelog.additional.retention.ms=604800000", "--config",
                            "consumer.session.timeout.ms=10000", "--config",
                            "consumer.heartbeat.interval.ms=1000"});
    }

    std::string state_dir(const std::string& name) const { return folder_ + "/state-" + name; }

    std::int64_t lag() { return reader.lag(kApplication, fraud::kPaymentsTopic, kPartitions); }

    template <class Condition>
    void wait_until(const char* what, std::chrono::seconds timeout, Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) {
                throw std::runtime_error(std::string("waited in vain: ") + what);
            }
            std::this_thread::sleep_for(100ms);
        }
    }

    // At least once: an alert may be there twice, with the same content.
    void expect_all_alerts_are_there() const {
        std::set<std::string> velocity;
        for (const auto& record : reader.read_all(fraud::kVelocityTopic, kPartitions)) {
            const bool first = velocity.insert(record.key).second;
            const auto alert = expected.velocity_alerts.find(record.key);
            if (alert != expected.velocity_alerts.end()) {
                EXPECT_EQ(record.value, alert->second) << record.key << (first ? "" : " (again)");
            }
        }
        for (const auto& [key, alert] : expected.velocity_alerts) {
            EXPECT_EQ(velocity.count(key), 1U) << "no alert for " << key;
        }
        EXPECT_THAT(velocity, IsSubsetOf(expected.velocity_alerts_if_never_too_late));

        EXPECT_EQ(ids_in<fraud::HighRiskAlert>(fraud::kHighRiskTopic), expected.high_risk);
        EXPECT_EQ(ids_in<fraud::ModelAlert>(fraud::kModelTopic), expected.model_alerts);

        std::set<std::string> unreadable;
        for (const auto& record : reader.read_all(fraud::kDeadLetterTopic, kPartitions)) {
            unreadable.insert(record.headers.at("__streams.errors.partition") + "/" +
                              record.headers.at("__streams.errors.offset"));
            EXPECT_EQ(record.headers.at("__streams.errors.topic"), fraud::kPaymentsTopic);
        }
        EXPECT_EQ(unreadable.size(), expected.dead_letters);
    }

    template <class Alert>
    std::set<std::uint64_t> ids_in(const std::string& topic) const {
        std::set<std::uint64_t> ids;
        for (const auto& record : reader.read_all(topic, kPartitions)) {
            Alert alert;
            EXPECT_TRUE(alert.ParseFromString(record.value));
            ids.insert(alert.payment().id());
        }
        return ids;
    }

    fraud::TrafficOptions traffic;
    fraud::Expectation expected;

  private:
    std::unique_ptr<ChildProcess> start(const std::string& name,
                                        const std::vector<std::string>& arguments) {
        std::vector<std::string> command{
            FRAUD_DETECTION_PROGRAM,    "--bootstrap-servers", broker.bootstrap_servers(),
            "--application-id",         kApplication,          "--partitions",
            std::to_string(kPartitions)};
        command.insert(command.end(), arguments.begin(), arguments.end());
        return std::make_unique<ChildProcess>(
            command, folder_ + "/" + name + "-" + std::to_string(++started_) + ".log");
    }

    // Its topics have fixed names, so each test needs its own broker.
    KafkaBroker broker;
    std::string folder_;
    int started_ = 0;

  protected:
    TopicReader reader{broker.bootstrap_servers()};
};

// The line that the program prints when its stores are ready: "restored <count> records", with the
// count since its start.
std::optional<std::int64_t> restored(const ChildProcess& process) {
    const std::string output = process.output();
    const std::string words = "restored ";
    const auto found = output.rfind(words);
    if (found == std::string::npos) {
        return std::nullopt;
    }
    return std::stoll(output.substr(found + words.size()));
}

TEST_F(FraudDetectionOnKafka, LosesNoAlertWhenOneOfTwoProcessesIsKilledAndRestarted) {
    use_traffic(11, 3000, 20'000);
    auto first = run("first");
    auto second = run("second");
    wait_until("both are ready", 120s,
               [&] { return restored(*first).has_value() && restored(*second).has_value(); });

    auto generator = generate(20'000, 0, 1500);
    std::this_thread::sleep_for(5s);
    ASSERT_TRUE(second->running()) << second->output();
    EXPECT_EQ(second->stop(SIGKILL), -SIGKILL);
    std::this_thread::sleep_for(4s);
    second = run("second");
    ASSERT_EQ(generator->wait(), 0) << generator->output();
    wait_until("all payments are processed", 240s, [&] { return lag() == 0; });

    EXPECT_EQ(first->stop(), 0) << first->output();
    EXPECT_EQ(second->stop(), 0) << second->output();
    expect_all_alerts_are_there();
}

TEST_F(FraudDetectionOnKafka, ResumesFromItsStateAndRebuildsItFromTheChangelogAfterDeletion) {
    use_traffic(12, 3000, 12'000);
    ASSERT_EQ(generate(4000, 0, 0)->wait(), 0);
    auto process = run("only");
    wait_until("the first third is processed", 240s, [&] { return lag() == 0; });
    EXPECT_EQ(process->stop(), 0) << process->output();

    ASSERT_EQ(generate(8000, 4000, 0)->wait(), 0);
    process = run("only");
    // One thread may be done before the other is ready.
    wait_until("the second third is processed", 240s,
               [&] { return lag() == 0 && restored(*process).has_value(); });
    EXPECT_EQ(restored(*process), 0) << "its state was there: " << process->output();
    EXPECT_EQ(process->stop(), 0) << process->output();

    ASSERT_GT(std::filesystem::remove_all(state_dir("only")), 0U);
    ASSERT_EQ(generate(12'000, 8000, 0)->wait(), 0);
    process = run("only");
    wait_until("the last third is processed", 240s,
               [&] { return lag() == 0 && restored(*process).has_value(); });
    // A row for every card with payments, and the profiles.
    EXPECT_THAT(restored(*process), ::testing::Optional(Gt(3000))) << process->output();
    EXPECT_EQ(process->stop(), 0) << process->output();
    expect_all_alerts_are_there();
}

}  // namespace
}  // namespace millrace::testing
