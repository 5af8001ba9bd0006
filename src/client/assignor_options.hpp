// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "millrace/client/streams_config.hpp"

namespace millrace::client {

/// The settings of the assignor.
assignment::AssignorOptions assignor_options(const StreamsConfig& config);

}  // namespace millrace::client
