// SPDX-License-Identifier: Apache-2.0
#include "features.hpp"

#include <algorithm>
#include <cstdint>

namespace fraud {

namespace {

// Distance in hours to the nearest hour at which the card is usually used.
int hours_off_duty(int hour, const CardProfile& profile) {
    const int from = profile.active_from_hour();
    const int to = profile.active_to_hour();
    if (from <= hour && hour < to) {
        return 0;
    }
    const int until_next = (from - hour + 24) % 24;
    const int since_last = (hour - (to - 1) + 24) % 24;
    return std::min(until_next, since_last);
}

}  // namespace

Features features_of(const Payment& payment, const CardProfile& profile) {
    const auto amount = static_cast<float>(payment.amount_cents()) / 100;
    const auto mean =
        static_cast<float>(std::max<std::int64_t>(1, profile.mean_amount_cents())) / 100;
    const auto deviation =
        static_cast<float>(std::max<std::int64_t>(1, profile.amount_deviation_cents())) / 100;
    const auto hour = static_cast<int>(payment.event_time_ms() / 3'600'000 % 24);
    const auto& usual = profile.usual_categories();
    const bool is_usual = std::find(usual.begin(), usual.end(), payment.category()) != usual.end();

    return {amount,
            amount / mean,
            (amount - mean) / deviation,
            payment.country() != profile.home_country() ? 1.0F : 0.0F,
            profile.travels() ? 1.0F : 0.0F,
            payment.card_present() ? 0.0F : 1.0F,
            static_cast<float>(payment.category()),
            is_usual ? 1.0F : 0.0F,
            static_cast<float>(hours_off_duty(hour, profile)),
            static_cast<float>(hour),
            static_cast<float>(profile.age_days()),
            static_cast<float>(profile.chargebacks())};
}

}  // namespace fraud
