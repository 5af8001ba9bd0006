// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/handlers.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/graph/topology_spec.hpp"

#include <string>
#include <string_view>

namespace millrace::runtime {

/// "node N, topic T, partition 0, offset 7, task 0_1: " without the parts that are unknown; empty
/// if all are.
std::string place_of(const ErrorContext& context);

/// `error` of `node`, with the stores that the node uses: a serde knows neither the store nor
/// whether it read a row or a record.
SerdeError with_stores_of(std::string_view node, const detail::TopologySpec& spec,
                          const Error& error);

}  // namespace millrace::runtime
