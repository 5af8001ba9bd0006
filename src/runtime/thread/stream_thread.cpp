// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/stream_thread.hpp"

#include "core/check.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"
#include "runtime/thread/subscription.hpp"
#include "state/format/state_corrupted.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace millrace::runtime {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryBackoff{100};

/// How long a thread works before it looks after its group again, and serves those who wait for it.
constexpr milliseconds kSlice{50};

/// How long one task works before the others have their turn.
constexpr milliseconds kTaskTurn{5};

/// How long joining the group may take before that is worth a line in the log.
constexpr std::chrono::seconds kQuietJoining{5};

/// Of Kafka's consumers, librdkafka's among them.
constexpr milliseconds kDefaultMaxPollInterval{300'000};

/// How soon to ask for topics again that another thread is looking at.
constexpr milliseconds kWhileAnotherLooks{10};

/// How long to wait for one answer before joining the group.
constexpr std::chrono::seconds kLookAround{2};

/// How soon to look again at tasks that hold records back for the sake of time order.
constexpr milliseconds kHeldBackWait{10};

constexpr std::string_view kThreadGroup = "stream-thread-metrics";

milliseconds max_poll_interval(const kafka::ClientSettings& settings) {
    const auto found = settings.find("max.poll.interval.ms");
    std::int64_t value = kDefaultMaxPollInterval.count();
    if (found != settings.end()) {
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
    }
    return milliseconds{value};  // What is no number the consumer refuses.
}

}  // namespace

StreamThread::StreamThread(Parts parts)
    : parts_(std::move(parts)),
      complaints_(*parts_.clock),
      cache_(parts_.task_maker->memory().cache_bytes_per_thread()),
      inputs_(parts_.task_maker->application()),
      setbacks_(settings().task_timeout),
      max_poll_interval_(max_poll_interval(parts_.consumer_settings)),
      slice_(std::min(kSlice, max_poll_interval_ / 4)) {
    MILLRACE_CHECK(parts_.start_positions != nullptr);
    MILLRACE_CHECK(parts_.internal_topics != nullptr && parts_.restorer != nullptr);
    MILLRACE_CHECK(parts_.metrics != nullptr && parts_.clock != nullptr);
    MILLRACE_CHECK(parts_.paused != nullptr);
    const auto counter = [this](const char* metric) {
        return parts_.metrics->counter(
            {metric, std::string(kThreadGroup), {{"thread-id", name()}}});
    };
    processed_ = counter("process-total");
    committed_ = counter("commit-total");
    polled_ = counter("poll-total");
    assignor_ = std::make_shared<assignment::PartitionAssignor>(parts_.task_maker->application(),
                                                                settings().process_id, name());
    collector_ = std::make_unique<ProducerCollector>(
        ProducerCollector::Parts{.supplier = parts_.supplier,
                                 .producer_settings = parts_.producer_settings,
                                 .settings = parts_.task_settings,
                                 .dropped = counter("dropped-records-total"),
                                 .clock = parts_.clock,
                                 .limits = parts_.batch_limits,
                                 .source =
                                     [this](ErrorContext& context) {
                                         if (at_work_ != nullptr) {
                                             at_work_->describe_source(context);
                                         }
                                     },
                                 .while_full = [this] { check_while_output_waits(); },
                                 .metadata_timeout = settings().request_timeout});
    consumer_ = parts_.supplier->make_consumer(parts_.consumer_settings, assignor_);
    committer_ = std::make_unique<Committer>(*consumer_, *collector_, *parts_.clock,
                                             settings().task_timeout);
}

/// Output waits for room in the producer's queue, for minutes when the cluster is away.
void StreamThread::check_while_output_waits() const {
    if (stop_requested_.load(std::memory_order_relaxed)) {
        throw TaskMigrated("stopping while output waits for the cluster");
    }
    if (consumer_->assignment_lost()) {
        throw TaskMigrated("partitions were lost while output waits for the cluster");
    }
}

StreamThread::~StreamThread() {
    abandon();
}

void StreamThread::run_once(Timestamp now) {
    try {
        turn(now);
    } catch (const StopRequested& stopped) {
        log::info(name() + ": stops: " + stopped.what());
    } catch (const TaskInterrupted& interrupted) {
        // Whether the tasks are still ours the group says, through the listener: until then, again.
        fall_back(interrupted.what());
    } catch (const state::StateCorrupted& corrupted) {
        if (at_work_ == nullptr) {
            throw;
        }
        rebuild(at_work_->task_id(), corrupted.what());
    } catch (const ProcessingError&) {
        deliver_dead_letters(settings().request_timeout);
        throw;
    }
    at_work_ = nullptr;
}

void StreamThread::turn(Timestamp now) {
    run_posted();
    if (state() == ThreadState::kCreated) {
        transition_to(ThreadState::kStarting);
        last_commit_ = counts_forgotten_ = summarised_ = monotonic();
    }
    if (!subscribed_ && (!ready_to_join() || (subscribe(), false))) {
        return;
    }
    poll(now);
    heed_group();
    check_topics();
    fit_tasks();
    apply_resets();
    take_restored();
    settle();
    tell_of_waiting();
    const bool paused = parts_.paused->load(std::memory_order_relaxed) ||
                        setbacks_.pausing(monotonic()) || consumer_->assignment_lost();
    if (!paused) {
        process_slice();
        punctuate();
    }
    maybe_commit(monotonic());
    collector_->poll();
    summarise(monotonic());
    if (monotonic() - counts_forgotten_ >= settings().metadata_max_age) {
        collector_->forget_partition_counts();
        counts_forgotten_ = monotonic();
    }
}

/// Internal topics first: whoever subscribes to topics that do not exist learns of them late.
bool StreamThread::ready_to_join() {
    const auto now = monotonic();
    if (next_attempt_ && now < *next_attempt_) {
        consumer_->poll(
            std::min(settings().poll, std::chrono::ceil<milliseconds>(*next_attempt_ - now)));
        return false;
    }
    std::string reason;
    // Not for long: nobody can be told to stop meanwhile.
    if (parts_.internal_topics->prepare(
            std::min<milliseconds>(settings().request_timeout, kLookAround), reason)) {
        next_attempt_.reset();
        return true;
    }
    next_attempt_ = monotonic() + (reason.empty() ? kWhileAnotherLooks : kRetryBackoff);
    if (!reason.empty()) {
        complaints_.warn(name() + ": not ready to join the group, retrying: " + reason);
    }
    return false;
}

void StreamThread::subscribe() {
    tasks_changed();
    collector_->expect(
        topics_written(parts_.task_maker->application(), parts_.task_settings->dead_letter_topic));
    const kafka::Status status =
        consumer_->subscribe(subscription_of(parts_.task_maker->application()), *this);
    if (!status.ok()) {
        throw KafkaError("cannot subscribe: " + status.message());
    }
    subscribed_ = true;
    subscribed_at_ = monotonic();
}

void StreamThread::poll(Timestamp now) {
    consumer_->poll(wait_time(now));
    polled_->add();
    if (listener_error_ != nullptr) {
        std::rethrow_exception(std::exchange(listener_error_, nullptr));
    }
}

milliseconds StreamThread::wait_time(Timestamp now) const {
    if (stop_requested_.load(std::memory_order_relaxed)) {
        return milliseconds{0};
    }
    milliseconds wait = settings().poll;
    const auto in = [&](milliseconds left) {
        wait = std::min(wait, std::max(milliseconds{0}, left));
    };
    const auto passed = monotonic();
    const auto until = [&](std::chrono::nanoseconds due) {
        in(std::chrono::ceil<milliseconds>(due - passed));
    };
    if (parts_.paused->load(std::memory_order_relaxed)) {
        return wait;
    }
    if (setbacks_.pausing(passed)) {
        until(setbacks_.resume_at());
        return wait;
    }
    if (more_work_) {
        return milliseconds{0};
    }
    bool held_back = false;
    bool to_commit = false;
    for (const StreamTask* task : tasks_.running()) {
        held_back = held_back || task->buffered() > 0;
        to_commit = to_commit || task->commit_needed();
        if (const auto due = task->next_wall_clock_punctuation()) {
            in(*due - now);
        }
    }
    if (held_back) {
        wait = std::min(wait, kHeldBackWait);
    }
    if (to_commit) {
        until(std::max<std::chrono::nanoseconds>(last_commit_ + settings().commit_interval,
                                                 next_attempt_.value_or(passed)));
    }
    if (!tasks_fit_ && next_fit_) {
        until(*next_fit_);
    }
    if (!resets_.empty()) {
        until(next_reset_);
    }
    return wait;
}

void StreamThread::process_slice() {
    more_work_ = false;
    // With output that cannot be acknowledged and state at its limit, more input only makes it
    // worse.
    if (tasks_.running().empty() || (committer_->failing() && commit_due(monotonic()))) {
        return;
    }
    const auto& running = tasks_.running();
    const auto end = monotonic() + slice_;
    std::size_t idle = 0;  // Tasks in a row that had nothing to process.
    while (idle < running.size()) {
        if (next_task_ >= running.size()) {
            next_task_ = 0;
            collector_->poll();
            maybe_commit(monotonic());
        }
        idle = process_task(*running[next_task_++], end) > 0 ? 0 : idle + 1;
        if (monotonic() >= end || stop_requested_.load(std::memory_order_relaxed) ||
            consumer_->assignment_lost()) {
            more_work_ = idle < running.size();
            return;
        }
    }
}

/// The clock is read now and then only: see Pace.
std::size_t StreamThread::process_task(StreamTask& task, std::chrono::nanoseconds slice_end) {
    at_work_ = &task;
    task.fetch();
    std::size_t records = 0;
    auto before = monotonic();
    const auto end = std::min<std::chrono::nanoseconds>(before + kTaskTurn, slice_end);
    std::size_t asked = 0;
    std::size_t processed = 0;
    do {
        asked = std::min(task.pace().records(), settings().process_batch - records);
        processed = task.process(asked, parts_.clock->now());
        records += processed;
        const auto after = monotonic();
        task.pace().took(processed, after - before);
        before = after;
    } while (processed == asked && records < settings().process_batch && before < end);
    if (records > 0) {
        task.punctuate_stream_time(parts_.clock->now());
        processed_->add(records);
    }
    at_work_ = nullptr;
    return records;
}

/// Those for whom no time is left come first in the next turn.
void StreamThread::punctuate() {
    const auto& running = tasks_.running();
    const auto end = monotonic() + slice_;
    for (std::size_t i = 0; i < running.size(); ++i) {
        at_work_ = running[next_clock_++ % running.size()];
        at_work_->punctuate(parts_.clock->now());
        if (monotonic() >= end) {
            more_work_ = more_work_ || i + 1 < running.size();
            break;
        }
    }
    at_work_ = nullptr;
}

bool StreamThread::commit_due(std::chrono::nanoseconds now) const {
    if (now - last_commit_ >= settings().commit_interval) {
        return true;
    }
    std::size_t uncommitted = 0;
    for (StreamTask* task : tasks_.running()) {
        if (task->commit_requested()) {
            return true;
        }
        uncommitted += task->stores().uncommitted_bytes();
    }
    return settings().uncommitted_bytes_max > 0 && uncommitted > settings().uncommitted_bytes_max;
}

void StreamThread::maybe_commit(std::chrono::nanoseconds now) {
    if ((!next_attempt_ || now >= *next_attempt_) && commit_due(now)) {
        commit_now(settings().request_timeout);
    }
}

void StreamThread::commit_now(milliseconds timeout) {
    const auto outcome = committer_->commit(tasks_.running(), timeout, at_work_);
    const auto now = monotonic();
    if (outcome == Committer::Outcome::kLater) {
        next_attempt_ = now + kRetryBackoff;
        return;
    }
    next_attempt_.reset();
    last_commit_ = now;
    const auto& running = tasks_.running();
    // Nothing to commit while tasks restore, or wait for the record that fails, is no success.
    if (outcome == Committer::Outcome::kDone ||
        (tasks_fit_ && tasks_.all_running() &&
         std::all_of(running.begin(), running.end(),
                     [](const StreamTask* task) { return task->caught_up(); }))) {
        setbacks_.succeeded(now);
    }
    cache_.resize(parts_.task_maker->memory().cache_bytes_per_thread());
    committed_->add();
    if (!retired_.empty() && collector_->flush(milliseconds{0})) {
        retired_.clear();
    }
}

void StreamThread::summarise(std::chrono::nanoseconds now) {
    if (settings().log_summary_interval <= milliseconds{0} ||
        now - summarised_ < settings().log_summary_interval) {
        return;
    }
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now - std::exchange(summarised_, now));
    const std::uint64_t processed = processed_->value();
    log::info(name() + ": processed " +
              std::to_string(processed - std::exchange(processed_before_, processed)) +
              " records in the last " + std::to_string(seconds.count()) + " s, " +
              std::to_string(tasks_.running().size()) + " of " + std::to_string(tasks_.size()) +
              " tasks running");
}

/// Does what the leader of the group says besides giving partitions.
void StreamThread::heed_group() {
    const auto stop = assignor_->stop();
    if (stop.reason == assignment::StopReason::kUnknownVersion) {
        throw KafkaError(stop.message);
    }
    if (stop.reason == assignment::StopReason::kShutDownApplication && !shutdown_told_) {
        shutdown_told_ = true;
        log::error(name() + ": " + stop.message);
        if (parts_.on_application_shutdown) {
            parts_.on_application_shutdown();
        }
    }
}

/// A group that still counts on members that are gone gives nobody anything until it has missed
/// them for long enough.
void StreamThread::tell_of_waiting() {
    if (state() != ThreadState::kStarting || monotonic() - subscribed_at_ < kQuietJoining) {
        return;
    }
    const auto found = parts_.consumer_settings.find("session.timeout.ms");
    complaints_.warn(name() +
                     ": waiting for the group to assign partitions: it waits for members that "
                     "ended without leaving, up to session.timeout.ms = " +
                     (found == parts_.consumer_settings.end() ? "45000" : found->second));
}

/// Running once every task is. A round of the group that changes nothing for us, or leaves us
/// without partitions, is not told to the listener: what the assignor heard tells.
void StreamThread::settle() {
    if (state() == ThreadState::kStarting || state() == ThreadState::kPartitionsRevoked) {
        const auto assigned = assignor_->assigned();
        if (!assigned || *assigned != tasks_.inputs()) {
            return;
        }
        transition_to(ThreadState::kPartitionsAssigned);
    }
    if (state() == ThreadState::kPartitionsAssigned && tasks_fit_ && tasks_.all_running()) {
        transition_to(ThreadState::kRunning);
    }
}

void StreamThread::run_posted() {
    std::vector<std::function<void(TaskRegistry&)>> posted;
    {
        const std::scoped_lock lock(mutex_);
        posted.swap(posted_);
    }
    for (const auto& work : posted) {
        work(tasks_);
    }
}

void StreamThread::post(std::function<void(TaskRegistry&)> work) {
    {
        const std::scoped_lock lock(mutex_);
        if (consumer_ == nullptr) {
            return;
        }
        posted_.push_back(std::move(work));
        consumer_->wake_up();
    }
}

void StreamThread::wake_up() {
    const std::scoped_lock lock(mutex_);
    if (consumer_ != nullptr) {
        consumer_->wake_up();
    }
}

void StreamThread::request_stop() {
    stop_requested_.store(true, std::memory_order_relaxed);
    wake_up();
}

void StreamThread::announce_application_shutdown(milliseconds timeout) {
    close_all_dirty();
    try {
        collector_->reset();  // Others may have the tasks before we end.
    } catch (const std::exception& error) {
        log::error(name() + ": cannot drop output: " + error.what());
    }
    assignor_->request_application_shutdown();
    const kafka::Status status = consumer_->request_rebalance();
    if (!status.ok()) {
        log::error(name() + ": cannot ask the application to stop: " + status.message());
        return;
    }
    const auto begin = parts_.clock->monotonic();
    while (assignor_->stop().reason != assignment::StopReason::kShutDownApplication &&
           parts_.clock->monotonic() - begin < timeout) {
        consumer_->poll(kRetryBackoff);
    }
}

void StreamThread::transition_to(ThreadState next) {
    const ThreadState before = state();
    if (before == next) {
        return;
    }
    MILLRACE_CHECK(may_go(before, next));
    state_.store(next, std::memory_order_release);
    log::info(name() + ": " + std::string(to_string(before)) + " to " +
              std::string(to_string(next)));
    if (parts_.on_state) {
        parts_.on_state(next, before);
    }
}

ThreadMetadata StreamThread::metadata() const {
    const std::scoped_lock lock(mutex_);
    return {name(), std::string(to_string(state())), task_metadata_};
}

}  // namespace millrace::runtime
