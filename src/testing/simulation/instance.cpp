// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/instance.hpp"

#include "core/simulated_disk.hpp"
#include "testing/simulation/counted_clients.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace millrace::testing::simulated {

namespace {

using namespace std::chrono_literals;

}  // namespace

Instance::Instance(World& world, int process, std::string folder, int threads)
    : world_(world),
      process_(process),
      folder_(std::move(folder)),
      clients_(std::make_shared<CountedClients>(world.cluster, suffix())),
      disk_was_full_(SimulatedDisk::instance().is_full(folder_)) {
    world_.scheduler.start_in(process_, [this, threads] { live(threads); });
}

Instance::~Instance() = default;

void Instance::live(int threads) {
    try {
        make_client(threads);
        client_->start();
        while (command_ == Command::kNone) {
            for (const auto& work : std::exchange(posted_, {})) {
                work();
            }
            if (command_ == Command::kNone && posted_.empty()) {
                world_.scheduler.wait(this, 1h);
            }
        }
        if (command_ == Command::kClose && !client_->close(10min)) {
            world_.violations.push_back("an instance did not close within ten minutes");
        }
    } catch (const std::exception& error) {
        const std::string problem = std::string("an instance could not start: ") + error.what();
        world_.trace.add(problem);
        if (!is_allowed(error.what())) {
            world_.violations.push_back(problem);
        }
    }
    client_.reset();
    ended_ = true;
    world_.scheduler.notify(this);
}

void Instance::make_client(int threads) {
    StreamsConfig config = world_.application.config;
    config.state_dir = folder_;
    config.num_stream_threads = threads;
    client_ = std::make_unique<KafkaStreams>(world_.application.topology(), config, clients_);
    client_->set_state_listener([this](ClientState to, ClientState from) {
        world_.trace.add("state " + std::string(millrace::to_string(from)) + " -> " +
                         std::string(millrace::to_string(to)));
    });
    client_->set_uncaught_exception_handler([this](const std::exception& error) {
        if (!is_allowed(error.what())) {
            world_.violations.push_back(std::string("a stream thread failed: ") + error.what());
        }
        return UncaughtDecision::kReplaceThread;
    });
}

/// A full disk ends threads, with an error that says so. What a crashed instance does is not seen.
bool Instance::is_allowed(const std::string& error) const {
    return command_ == Command::kCrash ||
           (disk_was_full_ && error.find("the disk is full: free space") != std::string::npos);
}

void Instance::fill_disk() {
    disk_was_full_ = true;
    SimulatedDisk::instance().set_full(folder_, true);
}

void Instance::free_disk(const std::string& folder) {
    SimulatedDisk::instance().set_full(folder, false);
}

bool Instance::failed() const {
    return ended_ || (client_ != nullptr && client_->state() == ClientState::kError);
}

void Instance::close() {
    if (command_ == Command::kNone) {
        command_ = Command::kClose;
        world_.scheduler.notify(this);
    }
}

void Instance::crash() {
    command_ = Command::kCrash;
    clients_->disconnect();
    world_.scheduler.thaw(process_);
    world_.scheduler.notify(this);
}

void Instance::await_end() {
    while (!ended_) {
        world_.scheduler.wait(this, 1h);
    }
}

void Instance::disconnect() {
    if (command_ != Command::kCrash) {
        clients_->disconnect();
    }
}

void Instance::reconnect() {
    if (command_ != Command::kCrash) {
        clients_->reconnect();
    }
}

void Instance::add_thread() {
    post([this] { client_->add_stream_thread(); });
}

void Instance::remove_thread() {
    post([this] {
        const auto threads = client_->metadata_for_local_threads();
        const auto staying = std::count_if(
            threads.begin(), threads.end(),
            [](const ThreadMetadata& thread) { return thread.state != "PENDING_SHUTDOWN"; });
        if (staying > 1) {
            client_->remove_stream_thread(0ms);
        }
    });
}

/// By a thread of the process.
void Instance::post(std::function<void()> work) {
    posted_.push_back(std::move(work));
    world_.scheduler.notify(this);
}

}  // namespace millrace::testing::simulated
