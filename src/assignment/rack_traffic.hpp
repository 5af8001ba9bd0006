// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace millrace::assignment {

/// Which tasks would read partitions from other racks, by the rack in which they run.
class RackTraffic {
  public:
    /// Whether traffic between racks can be computed.
    enum class State : std::uint8_t {
        kKnown,
        kNoClientRack,  ///< A member has no client.rack, or the threads of a process differ.
        kNoBrokerRack,  ///< No broker of a partition has a rack.
        kNotLookedUp,   ///< A partition was not looked up yet.
    };

    /// Racks are not considered.
    RackTraffic() = default;

    /// `processes` are their racks, empty if unknown; `tasks` the partitions that each task reads.
    RackTraffic(const std::vector<std::string>& processes,
                const std::map<TaskId, std::vector<TopicPartition>>& tasks,
                const kafka::ReplicaRacks& replicas);

    State state() const noexcept { return state_; }

    /// The number of different racks of processes; at least 1.
    std::size_t racks() const noexcept { return racks_; }

    /// The rack of a process, below racks().
    std::size_t rack_of(std::size_t process) const {
        return rack_of_.empty() ? 0 : rack_of_[process];
    }

    /// How many partitions the task would read from other racks.
    std::int64_t from_other_racks(TaskId task, std::size_t rack) const {
        return state_ == State::kKnown ? from_other_racks_.at(task)[rack] : 0;
    }

  private:
    State state_ = State::kNotLookedUp;
    std::size_t racks_ = 1;
    std::vector<std::size_t> rack_of_;                              // By process.
    std::map<TaskId, std::vector<std::int64_t>> from_other_racks_;  // By task and rack.
};

}  // namespace millrace::assignment
