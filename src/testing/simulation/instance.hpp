// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/kafka_streams.hpp"
#include "millrace/testing/simulation.hpp"
#include "testing/embedded/broker/cluster.hpp"
#include "testing/simulation/scheduler.hpp"
#include "testing/simulation/trace.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::testing::simulated {

class CountedClients;

/// What the instances of a simulation share.
struct World {
    Scheduler& scheduler;
    Trace& trace;
    std::shared_ptr<embedded::Cluster> cluster;
    const SimulatedApplication& application;
    std::vector<std::string>& violations;
};

/// A process that runs the application once: from its start to its end or crash.
class Instance {
  public:
    /// `process` is its number for the scheduler; `folder` its state directory.
    Instance(World& world, int process, std::string folder, int threads);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    int process() const noexcept { return process_; }

    /// The end of the names of its Kafka clients.
    std::string suffix() const { return "#" + std::to_string(process_); }
    const std::string& folder() const noexcept { return folder_; }

    /// Ends it by KafkaStreams::close, in the background.
    void close();

    /// From now on nothing that it does has an effect outside of its folder, which the caller has
    /// copied. It ends in the background.
    void crash();

    /// Whether the client has ended, and its folder may be used again.
    bool ended() const noexcept { return ended_; }
    void await_end();

    /// Cuts it off from the brokers, and back. Its sessions expire meanwhile.
    void disconnect();
    void reconnect();

    /// Its state directory has no space left, until free_disk() of that folder.
    void fill_disk();
    static void free_disk(const std::string& folder);

    /// Whether it could not start, or its client is in state kError.
    bool failed() const;

    /// Null before it is created and after it has ended.
    KafkaStreams* client() noexcept { return client_.get(); }

    void add_thread();
    void remove_thread();

  private:
    enum class Command { kNone, kClose, kCrash };

    void live(int threads);
    void make_client(int threads);
    bool is_allowed(const std::string& error) const;
    void post(std::function<void()> work);

    World& world_;
    int process_;
    std::string folder_;
    std::shared_ptr<CountedClients> clients_;
    std::unique_ptr<KafkaStreams> client_;
    std::vector<std::function<void()>> posted_;
    Command command_ = Command::kNone;
    bool ended_ = false;
    bool disk_was_full_;
};

}  // namespace millrace::testing::simulated
