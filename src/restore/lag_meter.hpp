// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"
#include "restore/lag_board.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace millrace::restore {

/// The changelog of a store on disk, and the next offset that the store needs.
struct StoredChangelog {
    TopicPartition changelog{};
    Offset next = 0;
};

/// Measures the lags of tasks that are on disk but not open. Reads the offsets of their stores once
/// after each use of the task, and requests the end offsets of their changelogs each time.
///
/// Not thread-safe.
class LagMeter {
  public:
    /// All must outlive the meter.
    struct Parts {
        LagBoard* board = nullptr;
        kafka::Admin* admin = nullptr;

        /// Reads the stored offsets of a task on disk. Empty if the task is in use.
        std::function<std::optional<std::vector<StoredChangelog>>(TaskId)> stored{};

        std::chrono::milliseconds request_timeout{2'000};
    };

    explicit LagMeter(Parts parts) : parts_(std::move(parts)) {}

    /// Measures once. Blocks until the brokers have responded. Calls `may_go_on` before it reads
    /// the stores of a task, and stops reading when that returns false. Tasks that cannot be
    /// measured keep their lags.
    void measure(const std::function<bool()>& may_go_on);

  private:
    struct Known {
        std::uint64_t use = 0;  // The number of LagBoard::to_measure at that time.
        std::vector<StoredChangelog> changelogs{};
    };

    kafka::Status look_up_ends(const std::vector<TaskId>& tasks);
    void read_stores(const std::map<TaskId, std::uint64_t>& tasks,
                     const std::function<bool()>& may_go_on);

    Parts parts_;
    std::map<TaskId, Known> known_;
};

}  // namespace millrace::restore
