// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

#include "rules.hpp"

#include <chrono>
#include <thread>

namespace fraud {

void feed_profiles(const FeedOptions& options, const Send& send) {
    if (options.skip > 0) {
        return;
    }
    const TrafficGenerator traffic(options.traffic);
    for (const auto& profile : traffic.profiles()) {
        send(kProfilesTopic, profile.card(), profile.SerializeAsString(),
             traffic.profiles_time_ms());
    }
}

std::uint64_t feed_payments(const FeedOptions& options, const Send& send,
                            const std::function<bool(std::uint64_t sent)>& tick) {
    using Clock = std::chrono::steady_clock;
    TrafficGenerator traffic(options.traffic);
    const auto start = Clock::now();
    std::uint64_t made = 0;
    std::uint64_t sent = 0;
    while (made < options.payments) {
        const TrafficRecord record = traffic.next();
        const bool skipped = made < options.skip;
        made += record.payment.has_value() ? 1 : 0;
        if (skipped) {
            continue;
        }
        send(kPaymentsTopic, record.card, record.value, record.sent_ms);
        sent += record.payment.has_value() ? 1 : 0;
        if (!tick(sent)) {
            break;
        }
        if (options.rate > 0) {
            const std::chrono::duration<double> due(static_cast<double>(sent) / options.rate);
            std::this_thread::sleep_until(start + std::chrono::duration_cast<Clock::duration>(due));
        }
    }
    return sent;
}

}  // namespace fraud
