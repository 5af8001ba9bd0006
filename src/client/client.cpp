// SPDX-License-Identifier: Apache-2.0
#include "client/client.hpp"

#include "client/client_settings.hpp"
#include "client/foreign_settings.hpp"
#include "client/local_store_reader.hpp"
#include "client/optimizations.hpp"
#include "core/log.hpp"
#include "kafka/rdkafka/rd_client_supplier.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

using client::client_settings;
using client::Role;
using runtime::ThreadState;
using std::chrono::milliseconds;

constexpr milliseconds kHelperWait{100};

/// How long a stream thread waits for the limits of topics; it goes on without them then.
constexpr milliseconds kLimitsWait{2'000};

bool on_disk(const detail::StoreSpec& store, StoreEngine default_engine) {
    const StoreEngine engine =
        store.engine == StoreEngine::kDefault ? default_engine : store.engine;
    return engine == StoreEngine::kRocksDb && !store.custom_key_value && !store.custom_window;
}

/// Whether any store keeps files: without, the state directory is neither made nor locked.
bool keeps_files(const detail::TopologySpec& spec, StoreEngine default_engine) {
    return std::any_of(spec.stores.begin(), spec.stores.end(),
                       [&](const auto& store) { return on_disk(store, default_engine); }) ||
           std::any_of(spec.global_stores.begin(), spec.global_stores.end(),
                       [&](const auto& each) { return on_disk(each.store, default_engine); });
}

StoreEngine default_engine(const StreamsConfig& config) {
    return config.default_dsl_store == "in_memory" ? StoreEngine::kInMemory : StoreEngine::kRocksDb;
}

std::shared_ptr<kafka::ClientSupplier> kafka_clients(const StreamsConfig& config) {
    if (config.bootstrap_servers.empty()) {
        throw ConfigError(
            "bad setting: bootstrap.servers is missing: must be host:port of brokers, separated "
            "by commas");
    }
    return kafka::rdkafka_clients({});
}

std::shared_ptr<const runtime::TaskSettings> task_settings(const StreamsConfig& config) {
    auto settings = std::make_shared<runtime::TaskSettings>();
    settings->application_id = config.application_id;
    settings->max_idle = config.max_task_idle;
    settings->buffered_records = static_cast<std::size_t>(config.buffered_records_per_partition);
    settings->dead_letter_topic = config.errors_dead_letter_queue_topic_name;
    settings->deserialization_handler = config.deserialization_exception_handler;
    settings->processing_handler = config.processing_exception_handler;
    settings->production_handler = config.production_exception_handler;
    settings->setting = [config](std::string_view name) { return config.get(name); };
    return settings;
}

}  // namespace

KafkaStreams::Implementation::Implementation(const Topology& topology, const StreamsConfig& config,
                                             std::shared_ptr<kafka::ClientSupplier> clients)
    : topology_(topology), config_(config), clock_(system_clock()) {
    config_.validate();
    client::require_options(topology_.spec(), config_);
    clients_ = clients != nullptr ? std::move(clients) : kafka_clients(config_);
    if (keeps_files(topology_.spec(), default_engine(config_))) {
        directory_ =
            std::make_unique<state::StateDirectory>(config_.state_dir, config_.application_id);
    }
    process_id_ = directory_ == nullptr ? random_uuid(system_random()) : directory_->process_id();
    client_id_ =
        config_.client_id.empty() ? config_.application_id + "-" + process_id_ : config_.client_id;
    application_ = topology::split(topology_.spec(), config_.application_id,
                                   config_.windowstore_changelog_additional_retention);
    make_shared_parts();
    log::info("client " + client_id_ + " with settings:\n" + config_.to_string());
    for (const std::string& line : client::settings_without_effect(config_)) {
        log::warn(line);
    }
}

void KafkaStreams::Implementation::make_shared_parts() {
    memory_ = std::make_unique<state::StateMemory>(
        state::StateMemory::Limits{.cache_bytes = config_.statestore_cache_max_bytes,
                                   .uncommitted_bytes = config_.statestore_uncommitted_max_bytes,
                                   .block_cache_bytes = config_.rocksdb_block_cache_bytes,
                                   .write_buffer_bytes = config_.rocksdb_write_buffer_bytes,
                                   .compression = config_.rocksdb_compression,
                                   .background_jobs = config_.rocksdb_max_background_jobs,
                                   .flush_interval = config_.statestore_flush_interval});
    memory_->set_threads(static_cast<std::size_t>(config_.num_stream_threads));
    task_settings_ = task_settings(config_);
    start_positions_ = std::make_unique<runtime::StartPositions>(
        application_, client::default_offset_reset(config_));
    admin_ = clients_->make_admin(client_settings(config_, Role::kAdmin, client_id_ + "-admin"));
    internal_topics_ = std::make_unique<runtime::InternalTopics>(
        application_, *admin_,
        runtime::InternalTopics::Options{
            .replication_factor = static_cast<std::int16_t>(config_.replication_factor),
            .config = client::topic_settings(config_)});
    batch_limits_ = std::make_unique<runtime::BatchLimits>(*admin_, clock_, kLimitsWait);
    make_global_thread();
    task_maker_ = std::make_unique<runtime::TaskMaker>(runtime::TaskMaker::Parts{
        .application = &application_,
        .memory = memory_.get(),
        .directory = directory_.get(),
        .default_engine = default_engine(config_),
        .dsl_headers = config_.dsl_store_format == "headers",
        .settings = task_settings_,
        .global_stores = global_ == nullptr ? nullptr : &global_->stores()});
}

void KafkaStreams::Implementation::make_global_thread() {
    const auto& global_stores = topology_.spec().global_stores;
    if (global_stores.empty()) {
        return;
    }
    state::TaskStores::Options options{.directory = directory_ == nullptr
                                                        ? std::filesystem::path{}
                                                        : directory_->global_directory(),
                                       .name = "global",
                                       .specs = {},
                                       .default_engine = default_engine(config_),
                                       .dsl_headers = config_.dsl_store_format == "headers",
                                       .processing = false};
    for (const auto& global : global_stores) {
        options.specs.push_back(global.store);
    }
    global_ = std::make_unique<runtime::GlobalThread>(runtime::GlobalThread::Parts{
        .application = &application_,
        .admin = admin_.get(),
        .clock = &clock_,
        .supplier = clients_,
        .consumer_settings =
            client_settings(config_, Role::kGlobalConsumer, client_id_ + "-global-consumer"),
        .stores = std::make_unique<state::TaskStores>(std::move(options), *memory_),
        .settings = task_settings_,
        .request_timeout = client::request_timeout(config_, Role::kGlobalConsumer)});
}

KafkaStreams::Implementation::~Implementation() {
    stop_all(Runner::Ending::kAbandon, milliseconds{0});
    for (const auto& runner : runners()) {
        runner->join();
    }
    finish();
    std::thread closer;
    {
        const std::scoped_lock lock(mutex_);
        closer.swap(closer_);
    }
    if (closer.joinable()) {
        closer.join();
    }
}

void KafkaStreams::Implementation::require_created(const char* what) const {
    if (machine.state() != ClientState::kCreated) {
        throw Error(ErrorKind::kInvalidArgument,
                    std::string(what) + " must come before start(), and once: client is " +
                        std::string(to_string(machine.state())));
    }
}

void KafkaStreams::Implementation::start() {
    const std::scoped_lock lock(starting_);
    require_created("start");
    if (!machine.transition_to(ClientState::kRebalancing)) {
        require_created("start");
    }
    start_global();
    start_restoring();
    for (int i = 0; i < config_.num_stream_threads && may_start_threads(); ++i) {
        make_runner()->start();
    }
}

bool KafkaStreams::Implementation::may_start_threads() const {
    const ClientState state = machine.state();
    return state == ClientState::kRunning || state == ClientState::kRebalancing;
}

void KafkaStreams::Implementation::start_restoring() {
    restorer_ = std::make_unique<restore::Restorer>(restore::Restorer::Parts{
        .supplier = clients_,
        .consumer_settings =
            client_settings(config_, Role::kRestoreConsumer, client_id_ + "-restore-consumer"),
        .admin = admin_.get(),
        .clock = &clock_,
        .listener = restore_listener,
        .metrics = &metrics,
        .request_timeout = client::request_timeout(config_, Role::kRestoreConsumer)});
    purger_ = std::make_unique<client::RepartitionPurger>(application_, *admin_);
    restoring_ = std::thread([this] {
        tidied_ = clock_.now();
        purged_ = clock_.now();
        while (!stop_helpers_.load(std::memory_order_relaxed)) {
            restorer_->run_once(kHelperWait);
            tidy();  // Also while tasks restore, which may take long.
            purge_repartition_topics();
        }
    });
}

/// Reads global stores to the end before any task processes, then keeps them up to date.
void KafkaStreams::Implementation::start_global() {
    if (global_ == nullptr) {
        return;
    }
    const auto begin = clock_.monotonic();
    while (!global_->caught_up()) {
        if (clock_.monotonic() - begin >= config_.task_timeout ||
            machine.state() != ClientState::kRebalancing) {
            machine.transition_to(ClientState::kPendingError);
            machine.transition_to(ClientState::kError);
            throw KafkaError("global stores could not be read within task.timeout.ms = " +
                             std::to_string(config_.task_timeout.count()));
        }
        try {
            global_->run_once(kHelperWait);
        } catch (...) {
            machine.transition_to(ClientState::kPendingError);
            machine.transition_to(ClientState::kError);
            throw;
        }
    }
    updating_global_ = std::thread([this] {
        try {
            while (!stop_helpers_.load(std::memory_order_relaxed)) {
                global_->run_once(kHelperWait);
            }
        } catch (const std::exception& error) {
            log::error(std::string("the global thread ends because of an error: ") + error.what());
            if (uncaught) {
                uncaught(error);  // Told; there is no replacement for this thread.
            }
            on_fatal();
        }
    });
}

/// Removes, now and then, what tasks that moved away have left behind.
void KafkaStreams::Implementation::tidy() {
    const Timestamp now = clock_.now();
    if (directory_ == nullptr || now - tidied_ < config_.state_cleanup_delay) {
        return;
    }
    tidied_ = now;
    try {
        directory_->remove_unused(config_.state_cleanup_delay);
    } catch (const std::exception& error) {
        log::warn(std::string("cannot remove unused state: ") + error.what());
    }
}

void KafkaStreams::Implementation::purge_repartition_topics() {
    const Timestamp now = clock_.now();
    if (now - purged_ < config_.repartition_purge_interval) {
        return;
    }
    purged_ = now;
    purger_->purge(metadata());
}

void KafkaStreams::Implementation::clean_up() {
    const ClientState state = machine.state();
    if (state != ClientState::kCreated && !client::final_state(state)) {
        throw Error(ErrorKind::kInvalidArgument,
                    "clean_up must come before start() or after close(): client is " +
                        std::string(to_string(state)));
    }
    if (keeps_files(topology_.spec(), default_engine(config_))) {
        if (directory_ != nullptr) {
            directory_->clean_up();
        } else {
            state::StateDirectory(config_.state_dir, config_.application_id).clean_up();
        }
    }
}

std::vector<std::shared_ptr<client::ThreadRunner>> KafkaStreams::Implementation::runners() const {
    const std::scoped_lock lock(mutex_);
    return runners_;
}

/// Running when no thread waits for partitions or state and at least one processes; threads that
/// end do not count.
void KafkaStreams::Implementation::on_thread_state() {
    judging_.run([this] { judge_threads(); });
}

void KafkaStreams::Implementation::judge_threads() {
    bool waiting = false;
    bool running = false;
    for (const auto& runner : runners()) {
        const ThreadState state = runner->state();
        const bool ending = state == ThreadState::kPendingShutdown || state == ThreadState::kDead;
        running = running || state == ThreadState::kRunning;
        waiting = waiting || (state != ThreadState::kRunning && !ending);
    }
    if (waiting) {
        machine.transition_to(ClientState::kRebalancing);
    } else if (running) {
        machine.transition_to(ClientState::kRunning);
    }
}

void KafkaStreams::Implementation::on_fatal() {
    if (!machine.transition_to(ClientState::kPendingError)) {
        return;
    }
    const std::scoped_lock starting(starting_);
    stop_all(Runner::Ending::kCommit, milliseconds{10'000});
    const std::scoped_lock lock(mutex_);
    closer_ = std::thread([this] {
        for (const auto& runner : runners()) {
            runner->join();
        }
        finish();
        machine.transition_to(ClientState::kError);
    });
}

void KafkaStreams::Implementation::stop_all(Runner::Ending ending, milliseconds timeout) {
    for (const auto& runner : runners()) {
        runner->stop(ending, timeout);
    }
}

/// Ends what the stream threads have used. Once all of them have ended.
void KafkaStreams::Implementation::finish() {
    const std::scoped_lock finishing(finishing_);
    stop_helpers_.store(true);
    if (restorer_ != nullptr) {
        restorer_->wake_up();
    }
    if (global_ != nullptr) {
        global_->wake_up();
    }
    for (std::thread* helper : {&restoring_, &updating_global_}) {
        if (helper->joinable()) {
            helper->join();
        }
    }
    if (global_ != nullptr) {
        global_->close();
    }
    directory_.reset();  // Another client may use it from here on.
}

bool KafkaStreams::Implementation::is_own_thread() const {
    const auto all = runners();
    return std::any_of(all.begin(), all.end(),
                       [](const auto& runner) { return runner->is_current(); });
}

bool KafkaStreams::Implementation::close(milliseconds timeout) {
    const bool first = machine.transition_to(ClientState::kPendingShutdown);
    if (first) {
        const std::scoped_lock lock(starting_);
        stop_all(Runner::Ending::kCommit, timeout);
    }
    if (is_own_thread()) {
        return false;
    }
    if (machine.state() == ClientState::kPendingError || machine.state() == ClientState::kError) {
        return machine.wait_for(ClientState::kError, timeout);
    }
    const auto all = runners();
    {
        std::unique_lock lock(mutex_);
        const bool ended = ended_.wait_for(lock, timeout, [&all] {
            return std::all_of(all.begin(), all.end(),
                               [](const auto& runner) { return runner->ended(); });
        });
        if (!ended) {
            return false;
        }
    }
    for (const auto& runner : all) {
        runner->join();
    }
    finish();
    machine.transition_to(ClientState::kNotRunning);
    return true;
}

std::vector<ThreadMetadata> KafkaStreams::Implementation::metadata() const {
    std::vector<ThreadMetadata> threads;
    for (const auto& runner : runners()) {
        threads.push_back(runner->metadata());
    }
    return threads;
}

void KafkaStreams::Implementation::wake_up_all() const {
    for (const auto& runner : runners()) {
        if (const auto thread = runner->stream_thread()) {
            thread->wake_up();
        }
    }
}

std::shared_ptr<const detail::StoreReader> KafkaStreams::Implementation::reader(
    const std::string& name) const {
    for (const auto& global : topology_.spec().global_stores) {
        if (global.store.name == name) {
            return client::make_global_store_reader(global.store, global_->stores());
        }
    }
    return client::make_local_store_reader(name, application_, [this] {
        std::vector<std::shared_ptr<runtime::StreamThread>> threads;
        for (const auto& runner : runners()) {
            if (auto thread = runner->stream_thread()) {
                threads.push_back(std::move(thread));
            }
        }
        return threads;
    });
}

}  // namespace millrace
