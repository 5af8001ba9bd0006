// SPDX-License-Identifier: Apache-2.0
#include "assignment/rack_traffic.hpp"

namespace millrace::assignment {

RackTraffic::RackTraffic(const std::vector<std::string>& processes,
                         const std::map<TaskId, std::vector<TopicPartition>>& tasks,
                         const kafka::ReplicaRacks& replicas) {
    std::map<std::string, std::size_t> numbers;
    std::vector<std::size_t> rack_of;
    for (const std::string& rack : processes) {
        if (rack.empty()) {
            state_ = State::kNoClientRack;
            return;
        }
        rack_of.push_back(numbers.try_emplace(rack, numbers.size()).first->second);
    }
    std::map<TaskId, std::vector<std::int64_t>> from_other_racks;
    for (const auto& [task, partitions] : tasks) {
        auto& counts = from_other_racks[task];
        counts.resize(numbers.size());
        for (const TopicPartition& partition : partitions) {
            const auto found = replicas.find(partition);
            if (found == replicas.end() || found->second.empty()) {
                state_ = found == replicas.end() ? State::kNotLookedUp : State::kNoBrokerRack;
                return;
            }
            for (const auto& [rack, number] : numbers) {
                counts[number] += found->second.contains(rack) ? 0 : 1;
            }
        }
    }
    state_ = State::kKnown;
    racks_ = numbers.size();
    rack_of_ = std::move(rack_of);
    from_other_racks_ = std::move(from_other_racks);
}

}  // namespace millrace::assignment
