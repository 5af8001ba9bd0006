// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/broker/cluster.hpp"

#include "core/check.hpp"
#include "core/clock.hpp"
#include "core/simulator.hpp"
#include "testing/embedded/log/statuses.hpp"

#include <algorithm>

namespace millrace::testing::embedded {
namespace {

/// Kafka's interval (log.retention.check.interval.ms).
constexpr std::int64_t kRetentionCheckInterval = 300'000;

}  // namespace

Cluster::Cluster(const EmbeddedBrokerOptions& options)
    : options_(options),
      clock_(options.time == BrokerTime::kManual ? std::optional(options.start) : std::nullopt),
      transactions_(
          [this](const std::string& name) -> GroupOffsets& { return group(name).offsets(); },
          defects_),
      last_retention_check_(clock_.ticks()) {}

Cluster::Lock Cluster::lock() {
    Lock lock(mutex_);
    tick();
    return lock;
}

void Cluster::tick() {
    const std::int64_t ticks = clock_.ticks();
    if (ticks == last_tick_ || !available_) {
        return;
    }
    last_tick_ = ticks;
    execute_due(ticks);
    for (auto& [name, group] : groups_) {
        group.expire(ticks);
    }
    const std::int64_t now = clock_.now();
    transactions_.expire(now, ticks);
    if (ticks - last_retention_check_ >= kRetentionCheckInterval) {
        last_retention_check_ = ticks;
        for (const auto& [name, topic] : topics_.all()) {
            for (const auto& log : topic->partitions) {
                log->apply_retention(now);
            }
        }
    }
}

void Cluster::execute_later(std::chrono::milliseconds after, std::function<void()> request) {
    late_requests_.emplace(clock_.ticks() + after.count(), std::move(request));
}

void Cluster::execute_due(std::int64_t ticks) {
    while (!late_requests_.empty() && late_requests_.begin()->first <= ticks) {
        const auto request = std::move(late_requests_.extract(late_requests_.begin()).mapped());
        request();
    }
}

std::shared_ptr<Topic> Cluster::topic_for_producing(const std::string& name) {
    auto topic = topics_.find(name);
    if (topic == nullptr && options_.auto_create_topics &&
        topics_.create({name, options_.default_partitions, -1, {}}).ok()) {
        topics_changed();
        topic = topics_.find(name);
    }
    return topic;
}

kafka::Status Cluster::delete_topic(const std::string& name) {
    auto status = topics_.erase(name);
    if (status.ok()) {
        for (auto& [group_name, group] : groups_) {
            group.offsets().forget_topic(name);
        }
        topics_changed();
    }
    return status;
}

void Cluster::topics_changed() {
    const auto counts = topics_.counts();
    for (auto& [name, group] : groups_) {
        group.on_topics_changed(counts);
    }
    // Consumers with assigned partitions may wait for a topic to appear.
    for (Waiter* waiter : waiters_) {
        waiter->notify();
    }
}

Group& Cluster::group(const std::string& name) {
    return groups_.try_emplace(name, name).first->second;
}

Group* Cluster::find_group(const std::string& name) {
    const auto found = groups_.find(name);
    return found == groups_.end() ? nullptr : &found->second;
}

kafka::Status Cluster::await_reachable(Lock& lock, const std::string& client_id,
                                       std::chrono::milliseconds timeout) {
    if (simulator != nullptr) {
        return travel(lock, client_id, timeout);
    }
    if (reachable(client_id)) {
        return {};
    }
    // Manual time does not advance while a caller waits, so the wait would never end.
    if (!clock_.manual()) {
        reachability_.wait_for(lock, timeout, [&] { return reachable(client_id); });
        if (reachable(client_id)) {
            return {};
        }
    }
    return failure(kafka::ErrorCode::kTimedOut, "brokers are down");
}

void Cluster::respond() const {
    if (simulator != nullptr && delay_) {
        simulator->wait(this, delay_());
    }
}

/// Other threads run while the request travels, and while the brokers cannot be reached.
kafka::Status Cluster::travel(Lock& lock, const std::string& client_id,
                              std::chrono::milliseconds timeout) {
    const std::int64_t end = clock_.ticks() + timeout.count();
    std::chrono::nanoseconds delay = delay_ ? delay_() : std::chrono::nanoseconds{0};
    while (delay > std::chrono::nanoseconds{0} || !reachable(client_id)) {
        const std::chrono::milliseconds left{end - clock_.ticks()};
        if (left <= std::chrono::milliseconds{0} && !reachable(client_id)) {
            return failure(kafka::ErrorCode::kTimedOut, "brokers are down");
        }
        lock.unlock();
        simulator->wait(&reachability_, delay > std::chrono::nanoseconds{0} ? delay : left);
        lock.lock();
        tick();
        delay = std::chrono::nanoseconds{0};
    }
    return {};
}

void Cluster::set_available(bool available) {
    available_ = available;
    reachability_changed();
}

void Cluster::disconnect(const std::string& client_id) {
    disconnected_.insert(client_id);
    for (auto& [name, group] : groups_) {
        group.set_silent(client_id, clock_.ticks());
    }
    reachability_changed();
}

void Cluster::reconnect(const std::string& client_id) {
    disconnected_.erase(client_id);
    for (auto& [name, group] : groups_) {
        group.set_silent(client_id, std::nullopt);
    }
    reachability_changed();
}

void Cluster::reachability_changed() {
    reachability_.notify_all();
    if (simulator != nullptr) {
        simulator->notify(&reachability_);
    }
    for (Waiter* waiter : waiters_) {
        waiter->notify();
    }
}

void Cluster::advance(std::chrono::milliseconds by) {
    MILLRACE_CHECK(clock_.manual());
    clock_.advance(by);
    tick();
    reachability_changed();
}

std::optional<std::chrono::milliseconds> Cluster::until_next_timer() const {
    if (clock_.manual()) {
        return std::nullopt;
    }
    auto next = transactions_.next_deadline();
    for (const auto& [name, group] : groups_) {
        if (const auto deadline = group.next_deadline()) {
            next = std::min(next.value_or(*deadline), *deadline);
        }
    }
    if (!next) {
        return std::nullopt;
    }
    return std::chrono::milliseconds(std::max<std::int64_t>(*next - clock_.ticks(), 1));
}

void Cluster::clean_logs() {
    const std::int64_t now = clock_.now();
    for (const auto& [name, topic] : topics_.all()) {
        for (const auto& log : topic->partitions) {
            if (topic->settings->compact) {
                log->compact(now);
            }
            log->apply_retention(now);
        }
    }
}

}  // namespace millrace::testing::embedded
