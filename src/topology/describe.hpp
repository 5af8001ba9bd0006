// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/topology_spec.hpp"

#include <string>

namespace millrace::topology {

/// The text of Kafka Streams' TopologyDescription.toString(), byte for byte, except for the class
/// name of topic extractors. Internal topics are shown without application.id.
std::string describe(const detail::TopologySpec& spec);

}  // namespace millrace::topology
