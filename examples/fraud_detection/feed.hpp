// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "generator.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace fraud {

struct FeedOptions {
    TrafficOptions traffic{};
    std::uint64_t payments = 0;
    std::uint64_t skip = 0;
    /// Payments per second; 0: as fast as possible.
    double rate = 0;
};

/// The destination of records.
using Send = std::function<void(const char* topic, const std::string& key, const std::string& value,
                                std::int64_t time_ms)>;

/// Sends the card profiles. With payments to skip, the profiles were sent before, and nothing is
/// sent.
void feed_profiles(const FeedOptions& options, const Send& send);

/// Sends the payments, `options.rate` per second, and calls `tick(sent so far)` after each. Stops
/// when that returns false. Returns the number of payments sent; unreadable records are not
/// counted.
std::uint64_t feed_payments(const FeedOptions& options, const Send& send,
                            const std::function<bool(std::uint64_t sent)>& tick);

}  // namespace fraud
