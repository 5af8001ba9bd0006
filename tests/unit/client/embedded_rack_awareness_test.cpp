// SPDX-License-Identifier: Apache-2.0

// Two instances in two racks. The partitions of "in" are in the one or the other.
#include "millrace/core/logging.hpp"
#include "support/embedded_application.hpp"
#include "support/forwarding_admin.hpp"
#include "support/forwarding_clients.hpp"

#include <gmock/gmock.h>

#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace millrace::support {
namespace {

enum class Brokers { kWithRacks, kWithoutRacks, kUnreachable };

/// Partitions with even numbers are in rack a, the others in rack b.
class RackedAdmin final : public ForwardingAdmin {
  public:
    RackedAdmin(std::unique_ptr<kafka::Admin> to, Brokers brokers)
        : ForwardingAdmin(*to), to_(std::move(to)), brokers_(brokers) {}

    kafka::Result<kafka::ReplicaRacks> replica_racks(std::span<const std::string> topics,
                                                     std::chrono::milliseconds timeout) override {
        if (brokers_ == Brokers::kUnreachable) {
            return kafka::Status(kafka::ErrorCode::kTimedOut, "no response");
        }
        auto racks = ForwardingAdmin::replica_racks(topics, timeout);
        if (racks.ok() && brokers_ == Brokers::kWithRacks) {
            for (auto& [partition, of] : racks.value()) {
                of = {partition.partition % 2 == 0 ? "a" : "b"};
            }
        }
        return racks;
    }

  private:
    std::unique_ptr<kafka::Admin> to_;
    Brokers brokers_;
};

class RackedClients final : public ForwardingClients {
  public:
    RackedClients(std::shared_ptr<kafka::ClientSupplier> to, Brokers brokers)
        : ForwardingClients(std::move(to)), brokers_(brokers) {}

    std::unique_ptr<kafka::Admin> make_admin(const kafka::ClientSettings& settings) override {
        return std::make_unique<RackedAdmin>(ForwardingClients::make_admin(settings), brokers_);
    }

  private:
    Brokers brokers_;
};

class RackAwareness : public EmbeddedApplication {
  protected:
    RackAwareness() {
        create_topics(4);
        set_log_sink([this](LogLevel, std::string_view line) {
            const std::scoped_lock lock(mutex_);
            log_ += std::string(line) + "\n";
        });
    }
    ~RackAwareness() override { set_log_sink({}); }

    std::string log() const {
        const std::scoped_lock lock(mutex_);
        return log_;
    }

    std::unique_ptr<KafkaStreams> instance(const std::string& name, const std::string& rack) {
        StreamsConfig with = config(name);
        if (!rack.empty()) {
            with.set("client.rack", rack);
        }
        with.set("rack.aware.assignment.strategy", "min_traffic");
        return std::make_unique<KafkaStreams>(counting_topology(on_record), with, clients);
    }

    static std::set<Partition> partitions_of(const KafkaStreams& streams) {
        std::set<Partition> result;
        for (const auto& thread : streams.metadata_for_local_threads()) {
            for (const TaskMetadata& task : thread.tasks) {
                result.insert(task.id.partition);
            }
        }
        return result;
    }

    std::shared_ptr<kafka::ClientSupplier> clients =
        std::make_shared<RackedClients>(broker.clients(), Brokers::kWithRacks);

  private:
    mutable std::mutex mutex_;
    std::string log_;
};

/// Racks are missing: the tasks still run, and the log says what is missing.
class MissingRacks : public RackAwareness {
  protected:
    void expect_that_tasks_run(const std::string& rack, const std::string& reason) {
        const auto one = instance("one", rack);
        one->start();
        EXPECT_TRUE(eventually([&] { return partitions_of(*one).size() == 4; }));
        EXPECT_THAT(log(), ::testing::HasSubstr(reason));
        one->close(std::chrono::seconds{10});
    }
};

TEST_F(MissingRacks, OfClientsAreReported) {
    expect_that_tasks_run("",
                          "assigning tasks without rack.aware.assignment.strategy: client.rack");
}

TEST_F(MissingRacks, OfBrokersAreReported) {
    clients = std::make_shared<RackedClients>(broker.clients(), Brokers::kWithoutRacks);
    expect_that_tasks_run("a",
                          "assigning tasks without rack.aware.assignment.strategy: broker.rack");
}

TEST_F(MissingRacks, BecauseTheLookUpFailedAreReported) {
    clients = std::make_shared<RackedClients>(broker.clients(), Brokers::kUnreachable);
    expect_that_tasks_run("a", "cannot look up the racks of partitions: no response");
    EXPECT_THAT(log(), ::testing::HasSubstr("not looked up yet"));
}

TEST_F(RackAwareness, TasksRunInTheRacksOfTheirPartitions) {
    for (const std::string rack : {"a", "b"}) {
        const auto one = instance("one", rack);
        const auto two = instance("two", rack == "a" ? "b" : "a");
        one->start();
        two->start();

        ASSERT_TRUE(eventually([&] {
            return partitions_of(*one).size() + partitions_of(*two).size() == 4 &&
                   partitions_of(*two).size() == 2;
        }));
        EXPECT_EQ(partitions_of(*one),
                  (rack == "a" ? std::set<Partition>{0, 2} : std::set<Partition>{1, 3}));
        two->close(std::chrono::seconds{10});
        one->close(std::chrono::seconds{10});
    }
}

}  // namespace
}  // namespace millrace::support
