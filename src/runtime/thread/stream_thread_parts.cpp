// SPDX-License-Identifier: Apache-2.0

// What a stream thread consists of.
#include "core/check.hpp"
#include "runtime/thread/stream_thread.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace millrace::runtime {

namespace {

using std::chrono::milliseconds;

/// The default of Kafka's consumers, including librdkafka.
constexpr milliseconds kDefaultMaxPollInterval{300'000};

/// Exactly-once: with shorter commit intervals, two producers take turns. With longer ones, the
/// commit markers are written before the next transaction begins.
constexpr milliseconds kTurnsBelow{100};

milliseconds max_poll_interval(const kafka::ClientSettings& settings) {
    const auto found = settings.find("max.poll.interval.ms");
    std::int64_t value = kDefaultMaxPollInterval.count();
    if (found != settings.end()) {
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
    }
    return milliseconds{value};  // The consumer refuses invalid numbers.
}

}  // namespace

StreamThread::StreamThread(Parts parts)
    : parts_(std::move(parts)),
      log_(*parts_.clock),
      states_(name(), parts_.on_state),
      backoff_(parts_.settings.task_timeout),
      throughput_log_(name(), parts_.settings.log_summary_interval, monotonic()) {
    MILLRACE_CHECK(parts_.start_positions != nullptr && parts_.task_maker != nullptr);
    MILLRACE_CHECK(parts_.internal_topics != nullptr && parts_.restorer != nullptr);
    MILLRACE_CHECK(parts_.metrics != nullptr && parts_.paused != nullptr);
    make_clients();
    make_parts();
}

void StreamThread::make_clients() {
    assignor_ = std::make_shared<assignment::PartitionAssignor>(
        parts_.task_maker->application(), parts_.settings.process_id, name(),
        parts_.settings.assignment, [maker = parts_.task_maker] { return maker->lags().report(); },
        parts_.racks);
    collector_ = std::make_unique<ProducerCollector>(ProducerCollector::Parts{
        .supplier = parts_.supplier,
        .producer_settings = parts_.producer_settings,
        .settings = parts_.task_settings,
        .dropped = parts_.metrics->counter(
            {"dropped-records-total", "stream-thread-metrics", {{"thread-id", name()}}}),
        .clock = parts_.clock,
        .limits = parts_.batch_limits,
        .source = [this](ErrorContext& context) { tasks_->describe_source(context); },
        .while_full = [this] { check_while_output_waits(); },
        .take_turns = parts_.settings.commit_interval < kTurnsBelow,
        .metadata_timeout = parts_.settings.request_timeout});
    assignor_->set_transactional_ids(collector_->transactional_ids());
    if (collector_->transactional()) {
        departed_ = std::make_unique<DepartedTransactions>(
            parts_.supplier, parts_.producer_settings, *parts_.clock, name());
    }
    consumer_ = parts_.supplier->make_consumer(parts_.consumer_settings, assignor_);
}

void StreamThread::make_parts() {
    const auto counter = [this](const char* metric) {
        return parts_.metrics->counter({metric, "stream-thread-metrics", {{"thread-id", name()}}});
    };
    const milliseconds poll_interval = max_poll_interval(parts_.consumer_settings);
    polled_ = counter("poll-total");
    tasks_ = std::make_unique<OpenTasks>(OpenTasks::Parts{.thread_name = name(),
                                                          .task_maker = parts_.task_maker,
                                                          .task_settings = parts_.task_settings,
                                                          .restorer = parts_.restorer,
                                                          .metrics = parts_.metrics,
                                                          .clock = parts_.clock,
                                                          .consumer = consumer_.get(),
                                                          .collector = collector_.get(),
                                                          .assignor = assignor_.get(),
                                                          .wake_up = [this] { wake_up(); }});
    planned_rejoin_ = std::make_unique<PlannedRejoin>(
        PlannedRejoin::Parts{.thread_name = name(),
                             .assignor = assignor_.get(),
                             .consumer = consumer_.get(),
                             .clock = parts_.clock,
                             .lags = [maker = parts_.task_maker] { return maker->lags().lags(); }});
    topics_ =
        std::make_unique<TopicChecks>(TopicChecks::Parts{.settings = &parts_.settings,
                                                         .internal_topics = parts_.internal_topics,
                                                         .assignor = assignor_.get(),
                                                         .tasks = &tasks_->registry(),
                                                         .clock = parts_.clock,
                                                         .log = &log_});
    assigned_ = std::make_unique<AssignedTasks>(AssignedTasks::Parts{
        .settings = &parts_.settings,
        .task_maker = parts_.task_maker,
        .start_positions = parts_.start_positions,
        .clock = parts_.clock,
        .stop_requested = &stop_requested_,
        .log = &log_,
        .states = &states_,
        .consumer = consumer_.get(),
        .collector = collector_.get(),
        .tasks = tasks_.get(),
        .topics = topics_.get(),
        .commit = [this](milliseconds timeout) { return executor_->commit(timeout); },
        .rebalance_timeout = std::min(parts_.settings.request_timeout, poll_interval / 4)});
    executor_ = std::make_unique<TaskExecutor>(
        TaskExecutor::Parts{.settings = &parts_.settings,
                            .clock = parts_.clock,
                            .stop_requested = &stop_requested_,
                            .consumer = consumer_.get(),
                            .collector = collector_.get(),
                            .tasks = tasks_.get(),
                            .backoff = &backoff_,
                            .all_assigned_open = [this] { return assigned_->complete(); },
                            .joining = [this] { return assignor_->joining(); },
                            .processed = counter("process-total"),
                            .commits = counter("commit-total"),
                            .slice = std::min(kSlice, poll_interval / 4)});
}

}  // namespace millrace::runtime
