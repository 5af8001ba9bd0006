// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/kafka_streams.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace system_app {

/// Writes what happens to a client to standard output, one JSON object a line, flushed.
/// Thread-safe.
class Events {
  public:
    /// Sets the listeners of a client that is not started. Must outlive it.
    void observe(millrace::KafkaStreams& streams);

    /// Reports the active tasks and the standbys if they have changed.
    void report_tasks(const millrace::KafkaStreams& streams);

    void closed(bool clean);

  private:
    void report_state(const millrace::KafkaStreams& streams, millrace::ClientState to);
    void write_tasks(const millrace::KafkaStreams& streams, bool always);
    void restored(const millrace::TopicPartition& changelog, const std::string& store,
                  std::int64_t records);

    std::mutex mutex_;  // Guards the output and the following members.
    std::vector<std::string> tasks_;
    std::vector<std::string> standbys_;
    bool assigned_ = false;
    std::map<std::pair<std::string, int>, std::chrono::steady_clock::time_point> restoring_;
};

}  // namespace system_app
