// SPDX-License-Identifier: Apache-2.0
#include "client/kafka_streams_impl.hpp"

#include "client/assignor_options.hpp"
#include "client/local_store_reader.hpp"
#include "client/settings/client_settings.hpp"
#include "client/settings/foreign_settings.hpp"
#include "client/settings/optimizations.hpp"
#include "client/settings/transactions.hpp"
#include "core/log.hpp"
#include "kafka/rdkafka/rd_client_supplier.hpp"
#include "millrace/core/error.hpp"
#include "state/task/open_or_wipe.hpp"
#include "state/task/store_factory.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

using client::client_settings;
using client::Role;
using runtime::ThreadState;
using std::chrono::milliseconds;

/// How long a stream thread may take to end, unless close() gets a longer timeout.
constexpr milliseconds kTimeToStop{10'000};

/// How long a stream thread waits for topic limits before it continues without them.
constexpr milliseconds kLimitsWait{2'000};

/// Whether any store is on disk. If none is, the state directory is neither created nor locked.
bool keeps_files(const detail::TopologySpec& spec, StoreEngine default_engine) {
    return std::any_of(
               spec.stores.begin(), spec.stores.end(),
               [&](const auto& store) { return state::is_on_disk(store, default_engine); }) ||
           std::any_of(spec.global_stores.begin(), spec.global_stores.end(), [&](const auto& each) {
               return state::is_on_disk(each.store, default_engine);
           });
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

/// Checks the settings of exactly-once before any client is created. Throws ConfigError.
void check_transactions(const StreamsConfig& config) {
    auto producer = client::client_settings(config, client::Role::kProducer, "");
    client::make_transactional(producer, config, "");
}

}  // namespace

KafkaStreams::Implementation::Implementation(const Topology& topology, const StreamsConfig& config,
                                             std::shared_ptr<kafka::ClientSupplier> clients)
    : topology_(topology),
      config_(config),
      clock_(system_clock()),
      stop_timeout_(kTimeToStop),
      closer_([this](ClientState last) { end(last); }, clock_) {
    config_.validate();
    client::require_options(topology_.spec(), config_);
    application_ = topology::split(topology_.spec(), config_.application_id,
                                   config_.windowstore_changelog_additional_retention);
    check_transactions(config_);
    clients_ = clients != nullptr ? std::move(clients) : kafka_clients(config_);
    if (keeps_files(topology_.spec(), config_.default_dsl_store)) {
        directory_ =
            std::make_unique<state::StateDirectory>(config_.state_dir, config_.application_id);
    }
    process_id_ = directory_ == nullptr ? random_uuid(system_random()) : directory_->process_id();
    client_id_ =
        config_.client_id.empty() ? config_.application_id + "-" + process_id_ : config_.client_id;
    make_shared_parts();
    log::info("client " + client_id_ + " with settings:\n" + config_.to_string());
    for (const std::string& line : client::settings_without_effect(config_)) {
        log::warn(line);
    }
}

void KafkaStreams::Implementation::make_shared_parts() {
    memory_ = std::make_unique<state::MemoryBudget>(
        state::MemoryBudget::Limits{.cache_bytes = config_.statestore_cache_max_bytes,
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
    if (client::assignor_options(config_).rack_strategy != assignment::RackStrategy::kNone) {
        racks_ = std::make_unique<assignment::PartitionRacks>(application_, *admin_);
    }
    batch_limits_ = std::make_unique<runtime::BatchLimits>(*admin_, clock_, kLimitsWait);
    make_task_maker();
}

/// Opens the global stores, and creates the task maker, whose tasks read them.
void KafkaStreams::Implementation::make_task_maker() {
    make_global_thread();
    shelf_ = std::make_unique<runtime::StoreShelf>(
        runtime::StoreShelf::Parts{.clock = &clock_,
                                   .closed = [this](TaskId task) { task_maker_->closed(task); },
                                   .on_put =
                                       [this] {
                                           for (const auto& driver : closing_) {
                                               driver->wake_up();
                                           }
                                       }});
    task_maker_ = std::make_unique<runtime::TaskMaker>(runtime::TaskMaker::Parts{
        .application = &application_,
        .memory = memory_.get(),
        .directory = directory_.get(),
        .default_engine = config_.default_dsl_store,
        .dsl_headers = client::keeps_headers(config_),
        .settings = task_settings_,
        .global_stores = global_ == nullptr ? nullptr : &global_->stores(),
        .shelf = shelf_.get()});
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
                                       .default_engine = config_.default_dsl_store,
                                       .dsl_headers = client::keeps_headers(config_),
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
        .stores = state::open_or_wipe(options, *memory_),
        .settings = task_settings_,
        .dropped = metrics.counter({"dropped-records-total",
                                    "stream-task-metrics",
                                    {{"thread-id", client_id_ + "-GlobalStreamThread"},
                                     {"task-id", to_string(TaskId{-1, -1})}}}),
        .request_timeout = client::request_timeout(config_, Role::kGlobalConsumer)});
}

void KafkaStreams::Implementation::require_created(const char* what) const {
    if (machine.state() != ClientState::kCreated) {
        throw Error(ErrorKind::kInvalidArgument,
                    std::string(what) +
                        " must be called before start(), and only once: client is " +
                        std::string(to_string(machine.state())));
    }
}

void KafkaStreams::Implementation::clean_up() {
    const ClientState state = machine.state();
    if (state != ClientState::kCreated && !client::final_state(state)) {
        throw Error(ErrorKind::kInvalidArgument,
                    "clean_up must be called before start() or after close(): client is " +
                        std::string(to_string(state)));
    }
    if (keeps_files(topology_.spec(), config_.default_dsl_store)) {
        if (directory_ != nullptr) {
            task_maker_.reset();
            global_.reset();  // Its stores are open.
            directory_->clean_up();
            make_task_maker();
        } else {
            state::StateDirectory(config_.state_dir, config_.application_id).clean_up();
        }
    }
}

std::vector<std::shared_ptr<client::ThreadRunner>> KafkaStreams::Implementation::runners() const {
    const MutexLock lock(mutex_);
    return runners_;
}

/// kRunning if no thread waits for partitions or state and at least one processes. Ended threads
/// are ignored.
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

std::vector<ThreadMetadata> KafkaStreams::Implementation::metadata() const {
    std::vector<ThreadMetadata> threads;
    for (const auto& runner : runners()) {
        if (!runner->ended()) {
            threads.push_back(runner->metadata());
        }
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
    return client::make_local_store_reader(name, application_, this, [this] {
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
