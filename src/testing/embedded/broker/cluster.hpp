// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/status.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "testing/embedded/broker/broker_clock.hpp"
#include "testing/embedded/broker/defects.hpp"
#include "testing/embedded/broker/faults.hpp"
#include "testing/embedded/broker/group.hpp"
#include "testing/embedded/broker/transactions.hpp"
#include "testing/embedded/log/topics.hpp"
#include "testing/embedded/log/waiter.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::testing::embedded {

/// The state of an embedded cluster, shared by its clients.
///
/// Threads: one mutex guards everything. Clients acquire it with lock() once per batch, hold it
/// while they use the results of the other methods, and never call user code while they hold it.
class Cluster {
  public:
    using Lock = std::unique_lock<std::mutex>;

    explicit Cluster(const EmbeddedBrokerOptions& options);

    const EmbeddedBrokerOptions& options() const noexcept { return options_; }
    BrokerClock& clock() noexcept { return clock_; }

    /// Acquires the mutex and processes everything that is due. All other functions require it.
    [[nodiscard]] Lock lock();

    Topics& topics() noexcept { return topics_; }
    Transactions& transactions() noexcept { return transactions_; }
    Faults& faults() noexcept { return faults_; }
    Defects& defects() noexcept { return defects_; }

    /// The topic, created if that is allowed. Otherwise null.
    std::shared_ptr<Topic> topic_for_producing(const std::string& name);

    kafka::Status delete_topic(const std::string& name);

    /// Call it after topics were created, deleted or grown: it notifies the groups.
    void topics_changed();

    /// The group, created if it does not exist.
    Group& group(const std::string& name);
    Group* find_group(const std::string& name);
    void erase_group(const std::string& name) { groups_.erase(name); }

    bool reachable(const std::string& client_id) const {
        return available_ && !disconnected_.contains(client_id);
    }

    /// In a simulation: how long a request takes to arrive, and its response.
    using Delay = std::function<std::chrono::nanoseconds()>;
    void set_delay(Delay delay) { delay_ = std::move(delay); }

    /// The time that a response takes. The mutex must not be held.
    void respond() const;

    /// Executes a request after that time.
    void execute_later(std::chrono::milliseconds after, std::function<void()> request);

    /// A request of a client: waits until it can reach the brokers. Otherwise kTimedOut,
    /// immediately with manual time.
    kafka::Status await_reachable(Lock& lock, const std::string& client_id,
                                  std::chrono::milliseconds timeout);
    void set_available(bool available);
    void disconnect(const std::string& client_id);
    void reconnect(const std::string& client_id);

    /// Notified after changes of time, faults or reachability.
    void add_waiter(Waiter& waiter) { waiters_.push_back(&waiter); }
    void remove_waiter(Waiter& waiter) { std::erase(waiters_, &waiter); }

    /// Advances manual time.
    void advance(std::chrono::milliseconds by);

    /// The time until the next timed event. Never with manual time.
    std::optional<std::chrono::milliseconds> until_next_timer() const;

    void clean_logs();

  private:
    void tick();
    void execute_due(std::int64_t ticks);
    void reachability_changed();
    kafka::Status travel(Lock& lock, const std::string& client_id,
                         std::chrono::milliseconds timeout);

    const EmbeddedBrokerOptions options_;
    BrokerClock clock_;
    std::mutex mutex_;
    std::condition_variable reachability_;
    Topics topics_;
    std::map<std::string, Group> groups_;
    Defects defects_;
    Transactions transactions_;
    Faults faults_;
    std::multimap<std::int64_t, std::function<void()>> late_requests_;  ///< By ticks.
    Delay delay_;
    std::vector<Waiter*> waiters_;
    bool available_ = true;
    std::set<std::string> disconnected_;
    std::int64_t last_tick_ = -1;
    std::int64_t last_retention_check_ = 0;
};

/// The cluster of a broker, for what the broker's own functions do not offer.
struct ClusterAccess {
    static std::shared_ptr<Cluster> of(const EmbeddedBroker& broker) { return broker.cluster_; }
};

}  // namespace millrace::testing::embedded
