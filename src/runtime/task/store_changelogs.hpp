// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"
#include "topology/sub_topologies.hpp"

#include <cstddef>
#include <vector>

namespace millrace::runtime {

/// The changelog of one of a task's stores.
struct StoreChangelog {
    std::size_t store = 0;  ///< Index into the task's stores.
    TopicPartition partition;
    /// Whether the changelog is a source topic of the task. The store is then restored up to the
    /// committed offset, not up to the end.
    bool source_topic = false;
};

/// The changelogs of a task of that sub-topology, in the order of its stores. Stores without
/// logging have none.
std::vector<StoreChangelog> changelogs_of(const topology::ApplicationTopology& application,
                                          const topology::SubTopology& part, TaskId task);

}  // namespace millrace::runtime
