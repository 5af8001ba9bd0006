// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crash/faulty_clients.hpp"
#include "crash/workloads.hpp"

#include "millrace/client/kafka_streams.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace millrace::crash {

class Instance;

/// What the clients of a run share. Its clients may call it from any thread.
class World {
  public:
    World(const Workload& workload, ProcessingGuarantee guarantee, std::filesystem::path folder);

    // The actions at the fail point, by the thread that has reached it.
    void crash();
    void freeze();

    void release();  ///< The frozen thread continues.

    bool before_change = true;  ///< See Workload::topology.
    Mistake mistake = Mistake::kNone;

    void owns(const void* client, Instance* instance);
    void works_on(Instance& instance) { current_ = &instance; }  ///< The test's thread.

    void add_problem(std::string problem);
    std::vector<std::string> problems() const;

    const Workload& workload;
    const ProcessingGuarantee guarantee;
    const std::filesystem::path folder;
    testing::EmbeddedBroker broker;

  private:
    Instance* reached_by() const;

    const std::thread::id test_thread_ = std::this_thread::get_id();
    std::atomic<Instance*> current_{nullptr};
    std::atomic<bool> released_{false};
    mutable std::mutex mutex_;
    std::map<const void*, Instance*> owners_;
    std::vector<std::string> problems_;
};

/// A client of the application, and its successors after crashes: its lives.
class Instance {
  public:
    Instance(World& world, std::string name);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    void start();
    bool running() const;

    /// Replaces a client that has crashed or failed, if it is not to be closed.
    void attend();

    void begin_close();
    bool ended() const;
    void finish_close();

    /// The files have everything up to these offsets of changelogs.
    void has_on_disk(std::map<TopicPartition, Offset> offsets);

    /// Ends the frozen client after it has gone on for a moment. False: there is none.
    bool thaw();
    bool ghost_ended() const;

    /// Removes the client from the group, as if its session had expired.
    void expire();

    /// Deletes the files of an ended client.
    void lose_files();

    /// False: not readable yet.
    bool read_counts(const std::string& store, std::map<std::string, std::int64_t>& rows) const;

    // By the thread that reached the fail point.
    void crash();
    void freeze(const std::atomic<bool>& released);

  private:
    StreamsConfig config() const;
    std::string client_id() const { return name_ + "-" + std::to_string(life_); }
    std::filesystem::path directory() const;
    void copy_files() const;
    void bury();
    void connect(const std::string& client, bool on) const;
    void remember_members(const std::string& client);
    void expire_ended_members();
    void observe(KafkaStreams& streams);
    void restoring(const TopicPartition& changelog, Offset from);

    World& world_;
    std::string name_;
    int life_ = 1;
    int files_of_ = 1;  // The life that began with these files.
    bool wanted_ = false;
    bool lost_files_ = false;
    std::atomic<bool> crashed_{false};
    std::atomic<bool> frozen_{false};
    std::unique_ptr<KafkaStreams> client_;
    std::vector<std::unique_ptr<KafkaStreams>> dead_;
    std::unique_ptr<KafkaStreams> ghost_;  // Was frozen.
    std::string ghost_id_;
    std::mutex mutex_;
    std::vector<std::string> ended_members_;  // Of threads that were replaced.
    std::map<TopicPartition, Offset> on_disk_;
};

}  // namespace millrace::crash
