// SPDX-License-Identifier: Apache-2.0

// Two instances in two racks. The partitions of "in" are in the one or the other.
#include "support/embedded_application.hpp"
#include "support/forwarding_admin.hpp"
#include "support/forwarding_clients.hpp"

#include <gmock/gmock.h>

#include <set>

namespace millrace::support {
namespace {

/// Partitions with even numbers are in rack a, the others in rack b.
class RackedAdmin final : public ForwardingAdmin {
  public:
    explicit RackedAdmin(std::unique_ptr<kafka::Admin> to)
        : ForwardingAdmin(*to), to_(std::move(to)) {}

    kafka::Result<kafka::ReplicaRacks> replica_racks(std::span<const std::string> topics,
                                                     std::chrono::milliseconds timeout) override {
        auto racks = ForwardingAdmin::replica_racks(topics, timeout);
        if (racks.ok()) {
            for (auto& [partition, of] : racks.value()) {
                of = {partition.partition % 2 == 0 ? "a" : "b"};
            }
        }
        return racks;
    }

  private:
    std::unique_ptr<kafka::Admin> to_;
};

class RackedClients final : public ForwardingClients {
  public:
    using ForwardingClients::ForwardingClients;

    std::unique_ptr<kafka::Admin> make_admin(const kafka::ClientSettings& settings) override {
        return std::make_unique<RackedAdmin>(ForwardingClients::make_admin(settings));
    }
};

class RackAwareness : public EmbeddedApplication {
  protected:
    RackAwareness() { create_topics(4); }

    std::unique_ptr<KafkaStreams> instance(const std::string& name, const std::string& rack) {
        StreamsConfig with = config(name);
        with.set("client.rack", rack).set("rack.aware.assignment.strategy", "min_traffic");
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
        std::make_shared<RackedClients>(broker.clients());
};

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
