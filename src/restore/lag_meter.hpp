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

/// The changelog of a store on disk, and the first offset that the store does not contain.
struct StoredChangelog {
    TopicPartition changelog{};
    Offset next = 0;
};

/// Measures the lags of tasks on disk that are not open: the offsets that their stores contain are
/// read once after each use, the ends of their changelogs are asked for each time.
///
/// Threads: one at a time.
class LagMeter {
  public:
    /// All must outlive the meter.
    struct Parts {
        LagBoard* board = nullptr;
        kafka::Admin* admin = nullptr;

        /// Reads the changelogs of a task on disk. Empty while the task is in use.
        std::function<std::optional<std::vector<StoredChangelog>>(TaskId)> stored{};

        std::chrono::milliseconds request_timeout{2'000};
    };

    explicit LagMeter(Parts parts) : parts_(std::move(parts)) {}

    /// Waits for one response of the cluster. Reads the stores of as many tasks as `may_go_on`
    /// allows; it is called before each. Tasks that cannot be measured keep their lags.
    void measure(const std::function<bool()>& may_go_on);

  private:
    struct Known {
        std::uint64_t use = 0;  // For which it holds, of the board.
        std::vector<StoredChangelog> changelogs{};
    };

    kafka::Status look_up_ends(const std::vector<TaskId>& tasks);
    void read_stores(const std::map<TaskId, std::uint64_t>& tasks,
                     const std::function<bool()>& may_go_on);

    Parts parts_;
    std::map<TaskId, Known> known_;
};

}  // namespace millrace::restore
