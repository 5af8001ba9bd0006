// SPDX-License-Identifier: Apache-2.0
#include "expected.hpp"

#include "features.hpp"
#include "scorer.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

namespace fraud {

namespace {

// Deliberately not the constants of rules.hpp: an error there must be detected here.
constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kHalfHour = kHour / 2;

std::string window_name(const std::string& card, std::int64_t start_ms) {
    const std::time_t seconds = start_ms / 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char text[32];
    std::strftime(text, sizeof text, "@%Y-%m-%dT%H:%MZ", &utc);
    return card + text;
}

struct Hour {
    int payments = 0;
    std::int64_t cents = 0;
};

}  // namespace

Expectation expect(const TrafficOptions& options, std::uint64_t payments) {
    TrafficGenerator traffic(options);
    const Scorer scorer;
    std::map<std::string, CardProfile> profiles;
    for (const auto& profile : traffic.profiles()) {
        profiles[profile.card()] = profile;
    }

    Expectation expected;
    std::map<std::string, Hour> hours;
    std::map<std::string, int> all_hours;
    std::int64_t latest_ms = 0;
    while (expected.payments < payments) {
        const auto record = traffic.next();
        if (!record.payment.has_value()) {
            ++expected.dead_letters;
            continue;
        }
        const Payment& payment = *record.payment;
        ++expected.payments;

        if (payment.amount_cents() > 10'000) {
            expected.high_risk.insert(payment.id());
        }

        const auto profile = profiles.find(payment.card());
        if (profile != profiles.end() &&
            scorer.score(features_of(payment, profile->second)) >= scorer.threshold()) {
            expected.model_alerts.insert(payment.id());
        }

        const std::int64_t start_ms = payment.event_time_ms() / kHour * kHour;
        const std::string name = window_name(payment.card(), start_ms);
        if (++all_hours[name] == 11) {
            expected.velocity_alerts_if_never_too_late.insert(name);
        }
        latest_ms = std::max(latest_ms, payment.event_time_ms());
        if (start_ms + kHour <= latest_ms - kHalfHour) {
            ++expected.too_late;
            continue;
        }
        Hour& hour = hours[name];
        hour.cents += payment.amount_cents();
        if (++hour.payments == 11) {
            VelocityAlert alert;
            alert.set_card(payment.card());
            alert.set_window_start_ms(start_ms);
            alert.set_window_end_ms(start_ms + kHour);
            alert.set_payments(11);
            alert.set_total_cents(hour.cents);
            alert.set_last_payment(payment.id());
            expected.velocity_alerts[name] = alert.SerializeAsString();
        }
    }
    return expected;
}

}  // namespace fraud
