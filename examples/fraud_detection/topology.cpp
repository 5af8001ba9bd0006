// SPDX-License-Identifier: Apache-2.0
#include "topology.hpp"

#include "features.hpp"
#include "payments.pb.h"
#include "rules.hpp"

#include "millrace/serde/protobuf.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>
#include <utility>

namespace fraud {

namespace {

using millrace::Timestamp;
using millrace::TimeWindows;
using millrace::Windowed;

Timestamp event_time(const millrace::ConsumedRecord<std::string, Payment>& record, Timestamp) {
    return millrace::timestamp_of(record.value.event_time_ms());
}

// Rule 1: large amounts.

bool is_high_risk(const Payment& payment) {
    return payment.amount_cents() > kHighRiskCents;
}

HighRiskAlert high_risk_alert(const Payment& payment) {
    HighRiskAlert alert;
    *alert.mutable_payment() = payment;
    alert.set_limit_cents(kHighRiskCents);
    return alert;
}

// Rule 2: many payments of a card within an hour.

// A payment that is processed again after a crash is recognised by its id: it counts once, and if
// it exceeded the limit, it raises the same alert again, because the alert may have been lost.
CardHour add_payment(CardHour hour, const Payment& payment) {
    const auto& known = hour.payments();
    const bool seen = std::find(known.begin(), known.end(), payment.id()) != known.end();
    // Payments after the first excess payment change nothing.
    if (!seen && hour.payments_size() <= kVelocityLimit) {
        hour.add_payments(payment.id());
        hour.set_total_cents(hour.total_cents() + payment.amount_cents());
    }
    hour.set_limit_just_exceeded(hour.payments_size() > kVelocityLimit &&
                                 hour.payments(kVelocityLimit) == payment.id());
    return hour;
}

bool limit_just_exceeded(const CardHour& hour) {
    return hour.limit_just_exceeded();
}

std::string card_and_hour(const Windowed<std::string>& card) {
    const std::time_t seconds = millrace::milliseconds_of(card.window.start) / 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char text[32];
    std::strftime(text, sizeof text, "@%Y-%m-%dT%H:%MZ", &utc);
    return card.key + text;
}

std::pair<std::string, VelocityAlert> velocity_alert(const Windowed<std::string>& card,
                                                     const CardHour& hour) {
    VelocityAlert alert;
    alert.set_card(card.key);
    alert.set_window_start_ms(millrace::milliseconds_of(card.window.start));
    alert.set_window_end_ms(millrace::milliseconds_of(card.window.end));
    alert.set_payments(hour.payments_size());
    alert.set_total_cents(hour.total_cents());
    alert.set_last_payment(hour.payments(kVelocityLimit));
    return {card_and_hour(card), alert};
}

// Rule 3: the score of the model.

struct ScoredPayment {
    Payment payment;
    float score = 0;
};

}  // namespace

millrace::Topology fraud_detection(const Scorer& scorer) {
    millrace::StreamsBuilder builder;
    const auto payments = builder.stream<std::string, Payment>(
        kPaymentsTopic, {.name = "payments", .timestamp = event_time});
    const auto profiles = builder.table<std::string, CardProfile>(
        kProfilesTopic, {.store = "profiles"}, {.name = "profiles"});

    payments.filter(is_high_risk, {.name = "large-amounts"})
        .map_values(high_risk_alert, {.name = "warn-of-amount"})
        .to(kHighRiskTopic, {.name = "high-risk"});

    // Not cached: a cache forwards only the last of several updates, and the update that exceeds
    // the limit may be an earlier one.
    payments.group_by_key()
        .windowed_by(TimeWindows::of(kVelocityWindow).grace(kVelocityGrace))
        .aggregate(CardHour(), add_payment,
                   {.name = "add-to-hour", .store = "card-hours", .caching = false})
        .to_stream({.name = "hours"})
        .filter(limit_just_exceeded, {.name = "one-too-many"})
        .map(velocity_alert, {.name = "warn-of-velocity"})
        .to(kVelocityTopic, {.name = "velocity-alerts"});

    const float threshold = scorer.threshold();
    payments
        .join(profiles,
              [scorer](const Payment& payment, const CardProfile& profile) {
                  return ScoredPayment{payment, scorer.score(features_of(payment, profile))};
              },
              {.name = "score"})
        .filter([threshold](const ScoredPayment& scored) { return scored.score >= threshold; },
                {.name = "suspicious"})
        .map_values(
            [threshold](const ScoredPayment& scored) {
                ModelAlert alert;
                *alert.mutable_payment() = scored.payment;
                alert.set_score(scored.score);
                alert.set_threshold(threshold);
                return alert;
            },
            {.name = "warn-of-score"})
        .to(kModelTopic, {.name = "model-alerts"});

    return std::move(builder).build();
}

}  // namespace fraud
