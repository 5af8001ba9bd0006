// SPDX-License-Identifier: Apache-2.0
#include "crash/instance.hpp"

#include "crash/outputs.hpp"

#include "client/inside_client.hpp"
#include "millrace/client/query.hpp"
#include "millrace/core/error.hpp"
#include "millrace/millrace.hpp"

#include <algorithm>
#include <chrono>

namespace millrace::crash {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Ends a constructor or start() of the client that has crashed on the test's thread.
class Crashed : public std::runtime_error {
  public:
    Crashed() : std::runtime_error("crashed") {}
};

/// A file and its size.
std::map<fs::path, std::uintmax_t> files_in(const fs::path& folder) {
    std::map<fs::path, std::uintmax_t> files;
    std::error_code gone;
    for (fs::recursive_directory_iterator at(folder, gone), end; !gone && at != end;
         at.increment(gone)) {
        if (at->is_regular_file(gone)) {
            files[at->path()] = at->file_size(gone);
        }
    }
    return files;
}

}  // namespace

World::World(const Workload& which, ProcessingGuarantee guaranteed, fs::path where)
    : workload(which), guarantee(guaranteed), folder(std::move(where)) {
    for (const auto& [topic, partitions] : workload.inputs) {
        broker.create_topic(topic, partitions);
    }
    for (const auto& [topic, match] : workload.outputs) {
        broker.create_topic(topic, 2);
    }
    if (!workload.global_topic.empty()) {
        broker.create_topic(workload.global_topic, 1);
    }
}

Instance* World::reached_by() const {
    const std::scoped_lock lock(mutex_);
    const auto found = owners_.find(client::InsideClient::current());
    return found == owners_.end() ? current_.load() : found->second;
}

void World::crash() {
    reached_by()->crash();
    if (std::this_thread::get_id() == test_thread_) {
        throw Crashed();
    }
}

void World::freeze() {
    if (std::this_thread::get_id() != test_thread_) {
        reached_by()->freeze(released_);
    }
}

void World::release() {
    released_ = true;
    released_.notify_all();
}

void World::owns(const void* client, Instance* instance) {
    const std::scoped_lock lock(mutex_);
    if (client != nullptr) {
        owners_[client] = instance;
    }
}

void World::add_problem(std::string problem) {
    const std::scoped_lock lock(mutex_);
    problems_.push_back(std::move(problem));
}

std::vector<std::string> World::problems() const {
    const std::scoped_lock lock(mutex_);
    return problems_;
}

Instance::Instance(World& world, std::string name) : world_(world), name_(std::move(name)) {}

Instance::~Instance() {
    // What the dead clients do now is not looked at any more: it must only end soon.
    for (int life = 1; life <= life_; ++life) {
        connect(name_ + "-" + std::to_string(life), true);
    }
    world_.release();
}

void Instance::connect(const std::string& client, bool on) const {
    for (const char* suffix : {"-StreamThread-1-consumer", "-StreamThread-1-producer",
                               "-StateUpdater-1-restore-consumer", "-global-consumer", "-admin"}) {
        if (on) {
            world_.broker.reconnect(client + suffix);
        } else {
            world_.broker.disconnect(client + suffix);
        }
    }
}

fs::path Instance::directory() const {
    return world_.folder / (name_ + std::to_string(files_of_));
}

StreamsConfig Instance::config() const {
    StreamsConfig config{
        .application_id = "app", .client_id = client_id(), .state_dir = directory()};
    config.commit_interval = 10ms;
    config.poll = 10ms;
    config.restore_threads = 1;
    config.processing_guarantee = world_.guarantee;
    config.statestore_flush_interval = 20ms;
    config.rocksdb_write_buffer_bytes = 64 << 10;  // Files are loaded for few rows.
    config.set("producer.transaction.timeout.ms", "3000");
    return config;
}

void Instance::start() {
    wanted_ = true;
    while (client_ == nullptr) {
        world_.works_on(*this);
        try {
            client_ = std::make_unique<KafkaStreams>(
                world_.workload.topology(world_.before_change), config(),
                faulty(world_.broker.clients(), world_.mistake));
            observe(*client_);
            if (std::exchange(lost_files_, false)) {
                client_->clean_up();
            }
            client_->start();
        } catch (const std::exception&) {  // By the fail point: Crashed, or an error.
            bury();
        }
    }
}

void Instance::observe(KafkaStreams& streams) {
    streams.set_uncaught_exception_handler([this, client = client_id()](const std::exception&) {
        remember_members(client);
        return UncaughtDecision::kReplaceThread;
    });
    streams.set_state_listener(
        [this](ClientState, ClientState) { world_.owns(client::InsideClient::current(), this); });
    streams.set_state_restore_listener(
        {.on_restore_start = [this](const TopicPartition& changelog, const std::string&,
                                    Offset from, Offset) { restoring(changelog, from); }});
}

void Instance::restoring(const TopicPartition& changelog, Offset from) {
    const std::scoped_lock lock(mutex_);
    const auto known = on_disk_.find(changelog);
    if (known != on_disk_.end() && from < known->second) {
        world_.add_problem("state was wiped: " + to_string(changelog) +
                           " is restored from offset " + std::to_string(from) +
                           ", although the files had all up to " + std::to_string(known->second));
    }
}

bool Instance::running() const {
    return client_ != nullptr && client_->state() == ClientState::kRunning;
}

void Instance::attend() {
    expire_ended_members();
    if (crashed_ || frozen_) {
        bury();
    } else if (client_ != nullptr && client_->state() == ClientState::kError) {
        bury();
    }
    if (wanted_ && client_ == nullptr) {
        start();
    }
}

/// The current life is over.
void Instance::bury() {
    const bool gone = crashed_ || frozen_;
    if (frozen_) {
        ghost_ = std::move(client_);
        ghost_id_ = client_id();
    } else if (client_ != nullptr) {
        dead_.push_back(std::move(client_));
    }
    if (gone) {
        expire();
    } else {
        dead_.clear();  // Failed: its directory must be free for the successor.
    }
    ++life_;
    if (gone) {
        files_of_ = life_;
    }
    if (frozen_) {
        has_on_disk({});  // The successor has no files.
    }
    crashed_ = false;
    frozen_ = false;
}

/// A thread that is replaced does not leave the group: its session would have to expire.
void Instance::remember_members(const std::string& client) {
    const auto members = world_.broker.members("app");
    const std::scoped_lock lock(mutex_);
    for (const auto& member : members) {
        if (member.client_id.starts_with(client + "-")) {
            ended_members_.push_back(member.member_id);
        }
    }
}

void Instance::expire_ended_members() {
    const std::scoped_lock lock(mutex_);
    for (const std::string& id : std::exchange(ended_members_, {})) {
        for (const auto& member : world_.broker.members("app")) {
            if (member.member_id == id) {
                world_.broker.expire_member("app", id);
            }
        }
    }
}

void Instance::expire() {
    for (const auto& member : world_.broker.members("app")) {
        if (member.client_id.starts_with(client_id() + "-")) {
            world_.broker.expire_member("app", member.member_id);
        }
    }
}

bool Instance::thaw() {
    if (ghost_ == nullptr) {
        return false;
    }
    connect(ghost_id_, true);
    world_.release();
    std::this_thread::sleep_for(100ms);
    ghost_->close(0ms);
    return true;
}

bool Instance::ghost_ended() const {
    return ghost_ == nullptr || ghost_->state() == ClientState::kNotRunning ||
           ghost_->state() == ClientState::kError;
}

void Instance::has_on_disk(std::map<TopicPartition, Offset> offsets) {
    const std::scoped_lock lock(mutex_);
    on_disk_ = std::move(offsets);
}

void Instance::begin_close() {
    wanted_ = false;
    world_.works_on(*this);
    if (client_ != nullptr) {
        client_->close(0ms);
    }
}

bool Instance::ended() const {
    return client_ == nullptr || crashed_ || frozen_ ||
           client_->state() == ClientState::kNotRunning || client_->state() == ClientState::kError;
}

void Instance::finish_close() {
    if (client_ == nullptr) {
        return;
    }
    const bool clean = !crashed_ && !frozen_ && client_->state() == ClientState::kNotRunning;
    if (clean) {
        client_.reset();
        ++life_;
    } else {
        bury();
    }
}

void Instance::lose_files() {
    lost_files_ = true;
    has_on_disk({});
}

bool Instance::read_counts(const std::string& store,
                           std::map<std::string, std::int64_t>& rows) const {
    if (!running()) {
        return false;
    }
    try {
        rows.clear();
        for (auto& [key, count] :
             client_->store<ReadOnlyKeyValueStore<std::string, std::int64_t>>(store).all()) {
            rows[key] = count;
        }
        return true;
    } catch (const Error&) {
        return false;  // Restoring again.
    }
}

void Instance::crash() {
    connect(client_id(), false);
    copy_files();
    crashed_ = true;
}

/// What is in files now. Threads of the database may write meanwhile.
void Instance::copy_files() const {
    const fs::path copy = world_.folder / (name_ + std::to_string(life_ + 1));
    const fs::path original = directory();
    std::error_code error;
    if (world_.mistake == Mistake::kFilesLost) {
        return;
    }
    for (int attempt = 0; attempt < 1000; ++attempt) {
        fs::remove_all(copy, error);
        const auto before = files_in(original);
        fs::copy(original, copy, fs::copy_options::recursive, error);
        if (before == files_in(original) && (!error || before.empty())) {
            return;
        }
    }
    world_.add_problem("the files of a crashed client could not be copied");
}

void Instance::freeze(const std::atomic<bool>& released) {
    connect(client_id(), false);  // Its other threads would be frozen, too.
    frozen_ = true;
    released.wait(false);
}

}  // namespace millrace::crash
