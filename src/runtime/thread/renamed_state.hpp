// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "topology/sub_topologies.hpp"

#include <chrono>
#include <set>
#include <string>

namespace millrace::runtime {

/// Warns of stores and repartition topics that begin empty although the application has read part
/// of their input: their topics, of which `created` has the names, were created just now. Whatever
/// gets another name loses its content so; the warning names the application's topics that nothing
/// uses any more, the former name among them. Says nothing when the cluster does not answer within
/// `timeout`.
void warn_of_state_that_begins_empty(const topology::ApplicationTopology& application,
                                     const std::set<std::string>& created, kafka::Admin& admin,
                                     std::chrono::milliseconds timeout);

}  // namespace millrace::runtime
