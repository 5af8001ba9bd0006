// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "millrace/client/streams_config.hpp"

#include <string>
#include <vector>

namespace millrace::client {

/// The settings of the assignor.
assignment::AssignorOptions assignor_options(const StreamsConfig& config);

/// For the log: one line for each assignor setting that is set but has no effect, with the reason.
std::vector<std::string> assignor_settings_without_effect(const StreamsConfig& config);

}  // namespace millrace::client
