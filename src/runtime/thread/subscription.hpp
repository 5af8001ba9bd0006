// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "topology/sub_topologies.hpp"

namespace millrace::runtime {

/// All topics that any task reads: by name, or by one expression if a source has a pattern.
kafka::Subscription subscription_of(const topology::ApplicationTopology& application);

}  // namespace millrace::runtime
