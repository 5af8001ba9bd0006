// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/streams_config.hpp"

#include <cstddef>

namespace millrace::client {

/// restore.threads: how many threads restore.
int restore_threads(const StreamsConfig& config);

/// How restore.buffer.max.bytes is used by each restore thread.
struct RestoreBuffer {
    std::size_t changelogs = 0;   ///< How many it reads at a time.
    std::size_t fetch_bytes = 0;  ///< How much of each it requests at a time.
};

RestoreBuffer restore_buffer(const StreamsConfig& config);

}  // namespace millrace::client
