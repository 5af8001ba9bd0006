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

/// Determines the start position of an input partition: the committed offset, or the source's reset
/// policy. Immutable.
class StartPositions {
  public:
    /// `default_reset` applies to sources without their own policy; it must not be kDefault.
    StartPositions(const topology::ApplicationTopology& application, OffsetReset default_reset);

    /// kFromBeginning or kFromEnd for a partition without a usable offset. Throws KafkaError if the
    /// policy is none.
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
