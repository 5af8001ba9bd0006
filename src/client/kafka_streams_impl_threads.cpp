// SPDX-License-Identifier: Apache-2.0
// Creates and ends the stream threads of a client.
#include "client/assignor_options.hpp"
#include "client/kafka_streams_impl.hpp"
#include "client/settings/client_settings.hpp"
#include "client/settings/transactions.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

using client::client_settings;
using client::Role;
using runtime::ThreadState;
using std::chrono::milliseconds;

std::string KafkaStreams::Implementation::next_thread_name() const {
    const MutexLock lock(mutex_);
    for (int number = 1;; ++number) {
        std::string name = client_id_ + "-StreamThread-" + std::to_string(number);
        const bool taken = std::any_of(runners_.begin(), runners_.end(),
                                       [&](const auto& runner) { return runner->name() == name; });
        if (!taken) {
            return name;
        }
    }
}

std::unique_ptr<runtime::StreamThread> KafkaStreams::Implementation::make_stream_thread(
    const std::string& name) {
    auto consumer_settings = client_settings(config_, Role::kMainConsumer, name + "-consumer");
    if (const auto instance = consumer_settings.find("group.instance.id");
        instance != consumer_settings.end()) {
        // Static members need distinct names: the thread's number is appended.
        instance->second += name.substr(name.rfind('-'));
    }
    auto producer_settings = client_settings(config_, Role::kProducer, name + "-producer");
    client::make_transactional(producer_settings, config_,
                               process_id_ + name.substr(name.rfind('-')));
    runtime::StreamThread::Parts parts{
        .settings = {.name = name,
                     .process_id = process_id_,
                     .poll = config_.poll,
                     .commit_interval = config_.effective_commit_interval(),
                     .task_timeout = config_.task_timeout,
                     .request_timeout = client::request_timeout(config_, Role::kMainConsumer),
                     .metadata_max_age = client::metadata_max_age(config_, Role::kProducer),
                     .log_summary_interval = config_.log_summary_interval,
                     .uncommitted_bytes_max = config_.statestore_uncommitted_max_bytes /
                                              static_cast<std::size_t>(config_.num_stream_threads),
                     .process_batch =
                         static_cast<std::size_t>(config_.buffered_records_per_partition),
                     .assignment = client::assignor_options(config_)},
        .supplier = clients_,
        .consumer_settings = std::move(consumer_settings),
        .producer_settings = std::move(producer_settings),
        .task_settings = task_settings_,
        .task_maker = task_maker_.get(),
        .start_positions = start_positions_.get(),
        .internal_topics = internal_topics_.get(),
        .racks = racks_.get(),
        .batch_limits = batch_limits_.get(),
        .restorer = restorer_.get(),
        .metrics = &metrics,
        .clock = &clock_,
        .paused = &paused,
        .on_state = [this](ThreadState, ThreadState) { on_thread_state(); },
        .on_application_shutdown = [this] { on_fatal(); }};
    return std::make_unique<runtime::StreamThread>(std::move(parts));
}

std::shared_ptr<client::ThreadRunner> KafkaStreams::Implementation::make_runner() {
    const std::string name = next_thread_name();
    const auto failed = metrics.counter({"failed-stream-threads", "stream-metrics", {}});
    auto runner = std::make_shared<Runner>(
        name,
        Runner::Hooks{.make = [this, name] { return make_stream_thread(name); },
                      .decide =
                          [this, failed](const std::exception& error) {
                              failed->add();
                              return decide(error);
                          },
                      .on_fatal = [this] { on_fatal(); },
                      .on_end =
                          [this] {
                              const MutexLock lock(mutex_);
                              ended_.notify_all();
                          },
                      .client = this},
        clock_);
    const MutexLock lock(mutex_);
    runners_.push_back(runner);
    return runner;
}

std::optional<std::string> KafkaStreams::Implementation::add_stream_thread() {
    const std::scoped_lock lock(starting_);
    drop_removed();
    if (!may_start_threads() || restoring_.empty()) {
        return std::nullopt;  // The latter in a listener that start() calls.
    }
    const auto runner = make_runner();
    try {
        runner->start();
    } catch (...) {
        const MutexLock forgetting(mutex_);
        std::erase(runners_, runner);
        throw;
    }
    share_memory();
    return runner->name();
}

std::optional<std::string> KafkaStreams::Implementation::remove_stream_thread(
    milliseconds timeout) {
    drop_removed();
    const std::shared_ptr<Runner> runner = removable_runner();
    if (runner == nullptr) {
        return std::nullopt;
    }
    runner->stop(Runner::Ending::kLeaveAlways, timeout);
    // The restore threads must first release the tasks of a thread that ends.
    if (runner->is_current() || restores()) {
        return std::nullopt;
    }
    {
        MutexLock lock(mutex_);
        if (!ended_.wait_for(lock, timeout, [&] { return runner->ended(); })) {
            return std::nullopt;
        }
    }
    drop_removed();
    on_thread_state();
    return runner->name();
}

/// The newest stream thread that is not being removed; the calling one only if there is no other.
std::shared_ptr<client::ThreadRunner> KafkaStreams::Implementation::removable_runner() const {
    std::shared_ptr<Runner> found;
    for (const auto& runner : runners()) {
        if (!runner->stopping() && (found == nullptr || !runner->is_current())) {
            found = runner;
        }
    }
    return found;
}

/// Drops removed stream threads that have ended.
void KafkaStreams::Implementation::drop_removed() {
    std::vector<std::shared_ptr<Runner>> removed;
    {
        const MutexLock lock(mutex_);
        const auto over = std::stable_partition(
            runners_.begin(), runners_.end(),
            [](const auto& runner) { return !runner->stopping() || !runner->ended(); });
        removed.assign(std::make_move_iterator(over), std::make_move_iterator(runners_.end()));
        runners_.erase(over, runners_.end());
    }
    for (const auto& runner : removed) {
        runner->join();
        metrics.remove_tagged("thread-id", runner->name());
    }
    if (!removed.empty()) {
        share_memory();
    }
}

void KafkaStreams::Implementation::share_memory() const {
    const auto all = runners();
    memory_->set_threads(std::max<std::size_t>(1, all.size()));
}

}  // namespace millrace
