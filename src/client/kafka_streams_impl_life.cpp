// SPDX-License-Identifier: Apache-2.0
// Starts and ends the threads of a client.
#include "client/inside_client.hpp"
#include "client/kafka_streams_impl.hpp"
#include "client/settings/client_settings.hpp"
#include "client/settings/restore_settings.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

using client::client_settings;
using client::InsideClient;
using client::Role;
using std::chrono::milliseconds;

namespace {

/// How long a failed start() waits for the end of what it had started.
constexpr milliseconds kFailedStart{60'000};

/// How long start() reads how far the tasks on disk are, and how often that is measured later.
constexpr milliseconds kFirstMeasurement{2'000};
constexpr milliseconds kBetweenMeasurements{30'000};

/// Replicas move seldom.
constexpr milliseconds kBetweenRackLookUps{300'000};

/// How many threads close stores that stream threads have given up.
constexpr int kClosingThreads = 2;

constexpr const char* kNoException = "exception not derived from std::exception";

}  // namespace

void KafkaStreams::Implementation::start() {
    const bool may_wait = !InsideClient::is(this);
    const InsideClient inside(this);
    std::unique_lock lock(starting_);
    require_created("start");
    closer_.start();
    if (!machine.transition_to(ClientState::kRebalancing)) {
        require_created("start");
    }
    try {
        start_threads();
    } catch (...) {
        lock.unlock();
        on_fatal();
        if (may_wait) {
            closer_.wait(kFailedStart);
        }
        throw;
    }
}

void KafkaStreams::Implementation::start_threads() {
    start_global();
    if (!may_start_threads()) {
        return;  // Closed in the meantime.
    }
    start_restoring();
    start_closing();
    for (int i = 0; i < config_.num_stream_threads && may_start_threads(); ++i) {
        make_runner()->start();
    }
}

bool KafkaStreams::Implementation::may_start_threads() const {
    const ClientState state = machine.state();
    return !closer_.requested() &&
           (state == ClientState::kRunning || state == ClientState::kRebalancing);
}

/// Runs the objects on a thread until the client ends. If one fails, the client ends.
std::unique_ptr<client::Driver> KafkaStreams::Implementation::drive(const std::string& what,
                                                                    std::vector<Driven*> objects) {
    auto driver = std::make_unique<client::Driver>(
        std::move(objects),
        client::Driver::Hooks{
            .on_error = [this, what](const std::exception& error) { helper_failed(what, error); },
            .client = this},
        clock_);
    driver->start();
    return driver;
}

void KafkaStreams::Implementation::helper_failed(const std::string& what,
                                                 const std::exception& error) {
    log::error(what + " ends because of an error: " + error.what());
    if (decide(error) != UncaughtDecision::kShutDownClient) {
        log::warn(what + " has no replacement: the client is shut down");
    }
    on_fatal();
}

/// The decision of the uncaught-exception handler.
UncaughtDecision KafkaStreams::Implementation::decide(const std::exception& error) const {
    if (!uncaught) {
        return UncaughtDecision::kShutDownClient;
    }
    try {
        return uncaught(error);
    } catch (const std::exception& failure) {
        log::error(std::string("the uncaught-exception handler failed, the client is shut down: ") +
                   failure.what());
    } catch (...) {
        log::error(std::string("the uncaught-exception handler failed, the client is shut down: ") +
                   kNoException);
    }
    return UncaughtDecision::kShutDownClient;
}

void KafkaStreams::Implementation::start_restoring() {
    make_restorers();
    start_measuring();
    if (racks_ != nullptr) {
        jobs_.add("look up the racks of partitions", kBetweenRackLookUps,
                  [this] { racks_->look_up(client::request_timeout(config_, Role::kAdmin)); });
    }
    if (directory_ != nullptr) {  // Tasks that moved away leave state behind.
        jobs_.add("remove unused state", config_.state_cleanup_delay,
                  [this] { directory_->remove_unused(config_.state_cleanup_delay); });
    }
    purger_ = std::make_unique<client::RepartitionPurger>(application_, *admin_);
    jobs_.add("purge repartition topics", config_.repartition_purge_interval,
              [this] { purger_->purge(metadata()); });
    for (const auto& restorer : restorer_->restorers()) {
        std::vector<Driven*> driven{restorer.get()};
        if (restoring_.empty()) {  // The jobs run also while tasks restore, which may take long.
            driven.push_back(&jobs_);
        }
        restoring_.push_back(drive("restore thread " + restorer->name(), std::move(driven)));
    }
}

void KafkaStreams::Implementation::make_restorers() {
    const int count = client::restore_threads(config_);
    std::vector<std::string> names;
    for (int number = 1; number <= count; ++number) {
        names.push_back(client_id_ + "-StateUpdater-" + std::to_string(number));
    }
    restorer_ = std::make_unique<restore::RestorerPool>(
        restore::Restorer::Parts{
            .supplier = clients_,
            .consumer_settings = client_settings(config_, Role::kRestoreConsumer, client_id_),
            .admin = admin_.get(),
            .clock = &clock_,
            .listener = restore_listener,
            .standby_listener = standby_listener,
            .group = config_.application_id,
            .on_lag = [this](TaskId task,
                             std::int64_t records) { task_maker_->lags().set(task, records); },
            .metrics = &metrics,
            .progress = &progress_,
            .paused = &paused,
            .request_timeout = client::request_timeout(config_, Role::kRestoreConsumer),
            .changelogs_at_once = client::restore_buffer(config_).changelogs},
        names);
}

/// Whether the calling thread is a restore thread.
bool KafkaStreams::Implementation::restores() const {
    return std::any_of(restoring_.begin(), restoring_.end(),
                       [](const auto& driver) { return driver->is_current(); });
}

/// How far the tasks on disk are decides where the group's leader assigns them. The first time is
/// before the threads join, unless it takes too long.
void KafkaStreams::Implementation::start_measuring() {
    if (directory_ == nullptr) {
        return;
    }
    lag_meter_ = std::make_unique<restore::LagMeter>(restore::LagMeter::Parts{
        .board = &task_maker_->lags(), .admin = admin_.get(), .stored = [this](TaskId task) {
            return task_maker_->stored_changelogs(task);
        }});
    try {
        task_maker_->lags().set_on_disk(task_maker_->tasks_on_disk());
        const auto end = clock_.monotonic() + kFirstMeasurement;
        lag_meter_->measure([this, end] { return clock_.monotonic() < end; });
    } catch (const Error& error) {  // The thread that opens the task reports it.
        log::warn(std::string("cannot measure the lag of tasks on disk: ") + error.what());
    }
    jobs_.add("measure the lags of tasks on disk", kBetweenMeasurements,
              [this] { lag_meter_->measure([] { return true; }); });
}

/// Before the stream threads, which put stores on the shelf.
void KafkaStreams::Implementation::start_closing() {
    for (int i = 0; i < kClosingThreads; ++i) {
        closing_.push_back(drive("a closing thread", {shelf_.get()}));
    }
}

/// Reads global stores to the end before any task processes, then keeps them up to date.
void KafkaStreams::Implementation::start_global() {
    if (global_ == nullptr) {
        return;
    }
    global_->set_restore_reports(restore_listener, &progress_);
    auto since = clock_.monotonic();
    std::uint64_t progress = 0;
    while (!global_->caught_up()) {
        if (!may_start_threads()) {
            return;
        }
        global_->run_once(clock_.now());
        progress_.log_if_due();
        if (std::exchange(progress, global_->progress()) != global_->progress()) {
            since = clock_.monotonic();
        } else if (clock_.monotonic() - since >= config_.task_timeout) {
            throw KafkaError("reading global stores made no progress within task.timeout.ms = " +
                             std::to_string(config_.task_timeout.count()));
        }
    }
    updating_global_ = drive("the global thread", {global_.get()});
}

KafkaStreams::Implementation::~Implementation() {
    abandon_.store(true);
    stop_all();
    closer_.request(ClientState::kNotRunning);
}

bool KafkaStreams::Implementation::close(const CloseOptions& options) {
    if (!closer_.requested()) {
        stop_timeout_.store(std::max(options.timeout, stop_timeout_.load()));
        if (options.leave_group) {
            ending_.store(*options.leave_group ? Runner::Ending::kLeaveAlways
                                               : Runner::Ending::kStay);
        }
    }
    if (machine.transition_to(ClientState::kPendingShutdown)) {
        closer_.request(ClientState::kNotRunning);
    }
    return closer_.wait(InsideClient::is(this) ? milliseconds{0} : options.timeout);
}

void KafkaStreams::Implementation::on_fatal() {
    if (machine.transition_to(ClientState::kPendingError)) {
        closer_.request(ClientState::kError);
    }
}

/// Runs on the closer's thread.
void KafkaStreams::Implementation::end(ClientState last) {
    {
        const std::scoped_lock lock(starting_);  // No thread is started after this point.
        stop_all();
    }
    for (const auto& runner : runners()) {
        runner->join();
    }
    try {
        finish();
    } catch (const std::exception& error) {
        log::error(std::string("the client did not close cleanly: ") + error.what());
    }
    machine.transition_to(last);
}

void KafkaStreams::Implementation::stop_all() {
    shelf_->shut();  // From now on, each thread closes what it has.
    const auto ending = abandon_.load() ? Runner::Ending::kAbandon : ending_.load();
    for (const auto& runner : runners()) {
        runner->stop(ending, stop_timeout_.load());
    }
}

/// Closes what the stream threads have used. Call it after all of them have ended.
void KafkaStreams::Implementation::finish() {
    std::vector<client::Driver*> drivers;
    drivers.reserve(restoring_.size() + closing_.size() + 1);
    for (const auto& driver : restoring_) {
        drivers.push_back(driver.get());
    }
    if (updating_global_ != nullptr) {
        drivers.push_back(updating_global_.get());
    }
    for (const auto& driver : closing_) {
        drivers.push_back(driver.get());
    }
    for (client::Driver* driver : drivers) {
        driver->stop();
    }
    for (client::Driver* driver : drivers) {
        driver->join();
    }
    if (shelf_ != nullptr) {
        shelf_->close_all();
    }
    if (global_ != nullptr) {
        global_->close();
    }
    directory_.reset();  // Another client may use it after this point.
}

}  // namespace millrace
