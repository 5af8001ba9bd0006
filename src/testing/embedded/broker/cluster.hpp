// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/status.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "testing/embedded/broker/broker_clock.hpp"
#include "testing/embedded/broker/faults.hpp"
#include "testing/embedded/broker/group.hpp"
#include "testing/embedded/broker/transactions.hpp"
#include "testing/embedded/log/topics.hpp"
#include "testing/embedded/log/waiter.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::testing::embedded {

/// What the clients of an embedded broker share: everything a Kafka cluster knows.
///
/// Threads: one mutex guards all of it. Clients take it with lock() once per batch, hold it while
/// they use what is returned by the other methods, and never call user code with it.
class Cluster {
  public:
    using Lock = std::unique_lock<std::mutex>;

    explicit Cluster(const EmbeddedBrokerOptions& options);

    const EmbeddedBrokerOptions& options() const noexcept { return options_; }
    BrokerClock& clock() noexcept { return clock_; }

    /// Takes the mutex and lets what is due by now happen. All that follows requires it.
    [[nodiscard]] Lock lock();

    Topics& topics() noexcept { return topics_; }
    Transactions& transactions() noexcept { return transactions_; }
    Faults& faults() noexcept { return faults_; }

    /// The topic; created if it may be. Null otherwise.
    std::shared_ptr<Topic> topic_for_producing(const std::string& name);

    kafka::Status delete_topic(const std::string& name);

    /// To be called after topics were created, deleted or grown: groups may want to know.
    void topics_changed();

    /// The group, made if it is new.
    Group& group(const std::string& name);
    Group* find_group(const std::string& name);
    void erase_group(const std::string& name) { groups_.erase(name); }

    bool reachable(const std::string& client_id) const {
        return available_ && !disconnected_.contains(client_id);
    }

    /// Waits until the client is reachable. kTimedOut otherwise; with manual time, at once.
    kafka::Status await_reachable(Lock& lock, const std::string& client_id,
                                  std::chrono::milliseconds timeout);
    void set_available(bool available);
    void disconnect(const std::string& client_id);
    void reconnect(const std::string& client_id);

    /// Notified when it may have to do with time, faults or reachability.
    void add_waiter(Waiter& waiter) { waiters_.push_back(&waiter); }
    void remove_waiter(Waiter& waiter) { std::erase(waiters_, &waiter); }

    /// Moves manual time.
    void advance(std::chrono::milliseconds by);

    /// How long until something is due by itself. With manual time that is never.
    std::optional<std::chrono::milliseconds> until_next_timer() const;

    void clean_logs();

  private:
    void tick();
    void reachability_changed();

    const EmbeddedBrokerOptions options_;
    BrokerClock clock_;
    std::mutex mutex_;
    std::condition_variable reachability_;
    Topics topics_;
    std::map<std::string, Group> groups_;
    Transactions transactions_;
    Faults faults_;
    std::vector<Waiter*> waiters_;
    bool available_ = true;
    std::set<std::string> disconnected_;
    std::int64_t last_tick_ = -1;
    std::int64_t last_retention_check_ = 0;
};

}  // namespace millrace::testing::embedded
