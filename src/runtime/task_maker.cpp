// SPDX-License-Identifier: Apache-2.0
#include "runtime/task_maker.hpp"

#include "core/check.hpp"
#include "core/log.hpp"
#include "state/state_corrupted.hpp"
#include "state/wipe_folder.hpp"

#include <utility>

namespace millrace::runtime {

TaskMaker::TaskMaker(Parts parts) : parts_(std::move(parts)) {
    MILLRACE_CHECK(parts_.application != nullptr && parts_.memory != nullptr);
}

std::unique_ptr<StreamTask> TaskMaker::make(TaskId id, std::vector<TopicPartition> inputs,
                                            detail::RecordCollector& collector, bool wipe) const {
    const auto& parts = parts_.application->sub_topologies;
    MILLRACE_CHECK(id.sub_topology >= 0 &&
                   static_cast<std::size_t>(id.sub_topology) < parts.size());
    const topology::SubTopology& part = parts[static_cast<std::size_t>(id.sub_topology)];
    return std::make_unique<StreamTask>(StreamTask::Parts{.id = id,
                                                          .application = parts_.application,
                                                          .part = &part,
                                                          .inputs = std::move(inputs),
                                                          .stores = open_stores(id, part, wipe),
                                                          .collector = &collector,
                                                          .settings = parts_.settings,
                                                          .global_store = parts_.global_store});
}

std::unique_ptr<state::TaskStores> TaskMaker::open_stores(TaskId id,
                                                          const topology::SubTopology& part,
                                                          bool wipe) const {
    state::TaskStores::Options options{.directory = parts_.directory / to_string(id),
                                       .name = to_string(id),
                                       .specs = {},
                                       .default_engine = parts_.default_engine,
                                       .processing = true};
    for (const std::size_t store : part.stores) {
        options.specs.push_back(parts_.application->spec->stores[store]);
    }
    if (!wipe) {
        try {
            return std::make_unique<state::TaskStores>(options, *parts_.memory);
        } catch (const state::StateCorrupted& error) {
            log::warn("state is damaged and will be rebuilt from the changelogs: task " +
                      to_string(id) + ": " + error.what());
        }
    }
    state::wipe_folder(options.directory);
    return std::make_unique<state::TaskStores>(options, *parts_.memory);
}

}  // namespace millrace::runtime
