// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "millrace/client/streams_config.hpp"

#include <string>
#include <vector>

namespace millrace::client {

/// What the assignor gets from the settings.
assignment::AssignorOptions assignor_options(const StreamsConfig& config);

/// A line for each such setting that has no effect, with the reason, for the log.
std::vector<std::string> assignor_settings_without_effect(const StreamsConfig& config);

}  // namespace millrace::client
