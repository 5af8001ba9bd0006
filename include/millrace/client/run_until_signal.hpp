// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace millrace {

class KafkaStreams;

/// The main loop of a service: starts the client, waits for SIGINT or SIGTERM, or for the end of
/// the client, then closes it. Returns the exit code of the process: 0 if the client was closed in
/// time and without an error; 1 if it could not be started, failed, or was not closed within
/// `close_timeout`. The reason is logged.
///
///     int main() {
///         millrace::KafkaStreams streams(topology(), config());
///         return millrace::run_until_signal(streams);
///     }
///
/// Signals: a signal is handled on any thread; threads need not block signals. After the first
/// signal, the previous handlers are restored, so that a second one ends a process that does not
/// stop. Lifetime: `streams` must not have been started. Threads: one call at a time per process.
int run_until_signal(KafkaStreams& streams,
                     std::chrono::milliseconds close_timeout = std::chrono::seconds{30});

}  // namespace millrace
