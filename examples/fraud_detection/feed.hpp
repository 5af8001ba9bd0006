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
    /// Payments a second; 0: as fast as possible.
    double rate = 0;
};

/// Where records go.
using Send = std::function<void(const char* topic, const std::string& key, const std::string& value,
                                std::int64_t time_ms)>;

/// Sends the card profiles. With payments to skip they are there already, and nothing is sent.
void feed_profiles(const FeedOptions& options, const Send& send);

/// Sends the payments, `options.rate` a second, and calls `tick(sent so far)` after each. Ends
/// early when that returns false. Returns how many payments were sent; unreadable records come on
/// top.
std::uint64_t feed_payments(const FeedOptions& options, const Send& send,
                            const std::function<bool(std::uint64_t sent)>& tick);

}  // namespace fraud
