// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/kafka_streams.hpp"

#include <string_view>

namespace bench {

/// Monotonic time in seconds.
double wall_seconds();

/// CPU seconds, user and system, of all threads of the process so far.
double cpu_seconds();

/// Seconds since the process was started.
double seconds_since_start();

/// The peak resident size so far.
long peak_rss_kb();

/// The sum of that metric over all threads and tasks.
double total(const millrace::KafkaStreams& streams, std::string_view metric);

void sleep_milliseconds(int milliseconds);

}  // namespace bench
