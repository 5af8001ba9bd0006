// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/instances.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <utility>

namespace millrace::testing::simulated {

namespace {

/// The number of an instance: its place, and how often it has started there.
constexpr int kPlace = 1000;

}  // namespace

Instance* Instances::any(std::uint64_t choice) {
    std::vector<Instance*> running;
    for (const Place& place : places_) {
        if (place.instance != nullptr) {
            running.push_back(place.instance.get());
        }
    }
    return running.empty() ? nullptr : running[choice % running.size()];
}

std::size_t Instances::place_of(const Instance& instance) const {
    return static_cast<std::size_t>(instance.process() / kPlace - 1);
}

Instance* Instances::find(int process) {
    for (const Place& place : places_) {
        if (place.instance != nullptr && place.instance->process() == process) {
            return place.instance.get();
        }
    }
    return nullptr;
}

void Instances::start(std::size_t index) {
    Place& place = places_[index];
    const bool in_use = std::any_of(ending_.begin(), ending_.end(), [&](const auto& instance) {
        return !instance->ended() && instance->folder() == place.folder;
    });
    if (place.instance != nullptr || in_use) {
        return;
    }
    if (place.folder.empty()) {
        place.folder = folders_.make();
    }
    const int number = ++place.incarnations;
    world_.trace.add("starts instance " + std::to_string(index + 1) + "." + std::to_string(number));
    place.instance = std::make_unique<Instance>(
        world_, static_cast<int>(index + 1) * kPlace + number, place.folder, threads_);
}

void Instances::crash(std::size_t index, bool keep_files) {
    Place& place = places_[index];
    place.folder = keep_files ? folders_.copy(place.folder) : folders_.make();
    place.instance->crash();
    ending_.push_back(std::move(place.instance));
}

Instance& Instances::close(std::size_t index) {
    Place& place = places_[index];
    MILLRACE_CHECK(place.instance != nullptr);
    place.instance->close();
    ending_.push_back(std::move(place.instance));
    return *ending_.back();
}

void Instances::close_all() {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (running(i)) {
            close(i);
        }
    }
    for (const auto& instance : ending_) {
        instance->await_end();
    }
}

std::vector<RunningClient> Instances::clients() {
    std::vector<RunningClient> clients;
    for (const Place& place : places_) {
        if (place.instance != nullptr && place.instance->client() != nullptr) {
            clients.push_back({place.instance->client(), place.instance->suffix()});
        }
    }
    return clients;
}

}  // namespace millrace::testing::simulated
