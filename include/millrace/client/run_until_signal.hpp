// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace millrace {

class KafkaStreams;

/// The main loop of a service: starts the client, waits for SIGINT or SIGTERM, or for the client to
/// end by itself, then closes it. Returns the exit code of the process: 0 when the client was
/// closed in time and without an error; 1 when it could not be started, ended in an error, or was
/// not closed within `close_timeout`. The log says why.
///
///     int main() {
///         millrace::KafkaStreams streams(topology(), config());
///         return millrace::run_until_signal(streams);
///     }
///
/// Signals: whichever thread a signal reaches, it is noticed; no thread needs to block any.
/// Handlers are those of before once the first signal has come, so that a second one ends a process
/// that does not stop. Lifetime: `streams` must not have been started. Threads: one call at a time
/// in a process.
int run_until_signal(KafkaStreams& streams,
                     std::chrono::milliseconds close_timeout = std::chrono::seconds{30});

}  // namespace millrace
