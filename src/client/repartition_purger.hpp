// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "millrace/client/stream_metadata.hpp"
#include "topology/sub_topologies.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::client {

/// Deletes processed records of repartition topics: such a topic has no retention and would grow
/// forever. Owned by one thread.
class RepartitionPurger {
  public:
    /// Both must outlive the purger.
    RepartitionPurger(const topology::ApplicationTopology& application, kafka::Admin& admin);

    /// Deletes the records that the group has committed from the repartition partitions that tasks
    /// of these threads read. If the cluster does not answer, the next call retries.
    void purge(const std::vector<ThreadMetadata>& threads);

  private:
    const topology::ApplicationTopology& application_;
    kafka::Admin& admin_;
    std::set<std::string> topics_;
    std::map<TopicPartition, Offset> purged_;
};

}  // namespace millrace::client
