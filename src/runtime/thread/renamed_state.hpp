// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "topology/sub_topologies.hpp"

#include <chrono>
#include <set>
#include <string>

namespace millrace::runtime {

/// Warns about stores and repartition topics that start empty although the application has read
/// part of their input: their topics, whose names are in `created`, have just been created. A
/// renamed store loses its content in this way. The warning lists the unused topics of the
/// application, which include the former name. Logs nothing if the cluster does not respond within
/// `timeout`.
void warn_of_state_that_begins_empty(const topology::ApplicationTopology& application,
                                     const std::set<std::string>& created, kafka::Admin& admin,
                                     std::chrono::milliseconds timeout);

}  // namespace millrace::runtime
