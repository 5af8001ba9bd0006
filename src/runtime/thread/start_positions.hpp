// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "millrace/detail/graph/topology_spec.hpp"
#include "topology/sub_topologies.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace millrace::runtime {

/// Knows where to begin in an input partition: at the committed offset, or where the source's reset
/// policy says. Immutable.
class StartPositions {
  public:
    /// `default_reset` is what sources without a policy of their own use; not kDefault.
    StartPositions(const topology::ApplicationTopology& application, OffsetReset default_reset);

    /// kFromBeginning or kFromEnd for a partition without a usable offset. Throws KafkaError when
    /// the policy is to fail.
    Offset reset(const TopicPartition& partition) const;

    /// The committed offset with its leader epoch, or reset().
    kafka::StartPosition start(const TopicPartition& partition,
                               const kafka::CommittedOffset& committed) const;

  private:
    OffsetReset default_reset_;
    std::map<std::string, OffsetReset> by_topic_;
    std::vector<std::pair<std::string, OffsetReset>> by_pattern_;
};

}  // namespace millrace::runtime
