// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/stream_task.hpp"
#include "state/state_memory.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::runtime {

/// Makes the tasks of one client, with their stores. Thread-safe.
class TaskMaker {
  public:
    struct Parts {
        const topology::ApplicationTopology* application = nullptr;
        state::StateMemory* memory = nullptr;
        std::filesystem::path directory{};  ///< "<state.dir>/<application.id>".
        StoreEngine default_engine = StoreEngine::kRocksDb;
        std::shared_ptr<const TaskSettings> settings{};
        std::function<StateStore*(const std::string& name)> global_store{};
    };

    explicit TaskMaker(Parts parts);

    /// `collector` must outlive the task. Damaged files are wiped: the stores come back empty and
    /// are restored from the beginning; `wipe` does so in any case.
    /// Throws StateError when the folder cannot be used, TopologyError when nodes do not fit.
    std::unique_ptr<StreamTask> make(TaskId id, std::vector<TopicPartition> inputs,
                                     detail::RecordCollector& collector, bool wipe) const;

    const topology::ApplicationTopology& application() const noexcept {
        return *parts_.application;
    }

    const state::StateMemory& memory() const noexcept { return *parts_.memory; }

  private:
    std::unique_ptr<state::TaskStores> open_stores(TaskId id, const topology::SubTopology& part,
                                                   bool wipe) const;

    Parts parts_;
};

}  // namespace millrace::runtime
