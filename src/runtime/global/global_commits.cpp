// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_commits.hpp"

#include "core/fail_point.hpp"

namespace millrace::runtime {

namespace {

constexpr std::chrono::seconds kBetweenCommits{10};

}  // namespace

void GlobalCommits::started() {
    untrusted_.clear();
    dirty_ = true;
    last_commit_ = clock_.monotonic();
}

/// Stores whose topics may have records that were not processed yet.
std::vector<std::size_t> GlobalCommits::behind() const {
    std::set<std::size_t> stores;
    for (const GlobalInput& input : inputs_) {
        const kafka::PartitionQueue* queue = consumer_.queue(input.partition);
        if (queue == nullptr || queue->lag() != 0 || queue->position() != input.next) {
            stores.insert(input.topic);
        }
    }
    return {stores.begin(), stores.end()};
}

void GlobalCommits::save() {
    std::vector<state::TopicPositions> positions(task_.topics().size());
    for (const GlobalInput& input : inputs_) {
        if (!untrusted_.contains(input.topic)) {
            positions[input.topic].push_back({input.next, input.epoch});
        }
    }
    task_.stores().flush_caches();
    MILLRACE_FAIL_POINT("global.saving");
    task_.stores().commit_positions(positions, behind());
}

void GlobalCommits::commit() {
    const GlobalStoresGate::Writing writing(gate_);
    save();
    dirty_ = false;
    last_commit_ = clock_.monotonic();
}

void GlobalCommits::keep_current() {
    if (clock_.monotonic() - last_commit_ < kBetweenCommits) {
        return;
    }
    if (dirty_) {
        commit();
        return;
    }
    const GlobalStoresGate::Writing writing(gate_);
    task_.stores().keep_current(behind());
    last_commit_ = clock_.monotonic();
}

}  // namespace millrace::runtime
