// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/thread_annotations.hpp"
#include "kafka/admin.hpp"
#include "millrace/core/time.hpp"
#include "topology/sub_topologies.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::runtime {

/// The largest batch that each topic accepts (max.message.bytes). Responses are cached. A cluster
/// that does not respond is not asked again for a while, because stream threads wait for the
/// response. One object for all threads of a client.
///
/// Thread-safe.
class BatchLimits {
  public:
    /// `admin` and `clock` must outlive this. Each request waits up to `timeout`.
    BatchLimits(kafka::Admin& admin, const Clock& clock, std::chrono::milliseconds timeout)
        : admin_(admin), clock_(clock), timeout_(timeout) {}

    /// The smallest limit of these topics; requests the unknown ones in one request. Empty: no
    /// limit is known.
    std::optional<std::int64_t> smallest(std::span<const std::string> topics);

    /// The current limit, requested even if it is cached. Empty: unknown.
    std::optional<std::int64_t> present(const std::string& topic);

  private:
    using Known = std::map<std::string, std::optional<std::int64_t>>;

    std::vector<std::string> unknown(std::span<const std::string> topics) const;
    void ask(const std::vector<std::string>& topics);
    void on_refused(const std::string& topic, const kafka::Status& status)
        MILLRACE_REQUIRES(mutex_);

    kafka::Admin& admin_;
    const Clock& clock_;
    const std::chrono::milliseconds timeout_;

    mutable Mutex mutex_;                      // Not held during a request.
    Known known_ MILLRACE_GUARDED_BY(mutex_);  // Without a value: not authorized.
    std::optional<std::chrono::nanoseconds> quiet_until_
        MILLRACE_GUARDED_BY(mutex_);  // From Clock::monotonic().
    bool warned_ MILLRACE_GUARDED_BY(mutex_) = false;
};

/// Full names of all topics that the application is known to write: sink, repartition and changelog
/// topics, and the dead-letter topic, unless that is empty. Topics whose names records provide are
/// not included.
std::vector<std::string> topics_written(const topology::ApplicationTopology& application,
                                        const std::string& dead_letter_topic);

}  // namespace millrace::runtime
