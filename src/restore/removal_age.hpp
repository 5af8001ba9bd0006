// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "kafka/admin.hpp"
#include "millrace/core/topic_partition.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace millrace::restore {

/// How long the topics that back stores keep removals: a store on disk that was away for longer may
/// have missed some, and would keep rows that were removed. What the cluster tells is remembered
/// for a few minutes.
///
/// Not thread-safe.
class RemovalAge {
  public:
    /// Both must outlive this. Each question waits up to `timeout`.
    RemovalAge(kafka::Admin& admin, const Clock& clock, std::chrono::milliseconds timeout)
        : admin_(admin), clock_(clock), timeout_(timeout) {}

    /// Asks, in one request, about those of the topics that are not known. Not ok: the cluster did
    /// not answer.
    kafka::Status look_up(std::span<const TopicPartition> partitions);

    /// Requires that look_up() of the topic was ok. Nothing: removals stay as long as anything.
    std::optional<std::chrono::milliseconds> of(const std::string& topic) const;

  private:
    struct Known {
        std::optional<std::chrono::milliseconds> kept{};
        std::chrono::nanoseconds asked_at{0};
    };

    kafka::Admin& admin_;
    const Clock& clock_;
    std::chrono::milliseconds timeout_;
    std::map<std::string, Known> known_;
};

}  // namespace millrace::restore
