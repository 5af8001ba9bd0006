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

/// How large a batch of records each topic accepts (max.message.bytes), as the cluster tells. What
/// was learnt is remembered; who does not answer is left alone for a while, as stream threads wait
/// for the answers. One for all threads of a client.
///
/// Thread-safe.
class BatchLimits {
  public:
    /// `admin` and `clock` must outlive this. Each question waits up to `timeout`.
    BatchLimits(kafka::Admin& admin, const Clock& clock, std::chrono::milliseconds timeout)
        : admin_(admin), clock_(clock), timeout_(timeout) {}

    /// The smallest limit of these topics; asks, in one request, about those not known yet.
    /// Nothing: the cluster tells of none of them.
    std::optional<std::int64_t> smallest(std::span<const std::string> topics);

    /// The limit as it is now, asking even when it is known. Nothing: the cluster does not tell.
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
    Known known_ MILLRACE_GUARDED_BY(mutex_);  // Without a value: the cluster does not tell.
    std::optional<std::chrono::nanoseconds> quiet_until_
        MILLRACE_GUARDED_BY(mutex_);  // Of Clock::monotonic().
    bool warned_ MILLRACE_GUARDED_BY(mutex_) = false;
};

/// Full names of all topics that the application is known to write: of sinks, repartition and
/// changelog topics, and for dead letters, unless that is empty. Without those that records name.
std::vector<std::string> topics_written(const topology::ApplicationTopology& application,
                                        const std::string& dead_letter_topic);

}  // namespace millrace::runtime
