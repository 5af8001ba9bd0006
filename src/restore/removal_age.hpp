// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "kafka/admin.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace millrace::restore {

/// How long the changelog topics keep tombstones. A store on disk that was offline for longer may
/// have missed some and would keep deleted rows. Values are cached for a few minutes.
///
/// Not thread-safe.
class RemovalAge {
  public:
    /// Both must outlive this. Each request waits up to `timeout`.
    RemovalAge(kafka::Admin& admin, const Clock& clock, std::chrono::milliseconds timeout)
        : admin_(admin), clock_(clock), timeout_(timeout) {}

    /// Looks up the topics that are not cached, in one request. Not ok: the cluster did not answer.
    kafka::Status look_up(std::span<const TopicPartition> partitions);

    /// Requires that look_up() of the topic was ok. Empty: tombstones are kept as long as other
    /// records.
    std::optional<std::chrono::milliseconds> of(const std::string& topic) const;

    /// Why a store that was last known to be up to date at `current_at` (empty: never) may have
    /// missed tombstones, for a message; empty: it has not. Requires look_up() as of().
    std::optional<std::string> why_too_old(const std::string& topic,
                                           std::optional<Timestamp> current_at) const;

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
