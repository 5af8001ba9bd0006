// SPDX-License-Identifier: Apache-2.0
#include "generator.hpp"

#include "expected.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace {

using fraud::TrafficGenerator;
using fraud::TrafficOptions;
using fraud::TrafficRecord;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

std::vector<TrafficRecord> records(const TrafficOptions& options, std::size_t count) {
    TrafficGenerator traffic(options);
    std::vector<TrafficRecord> made;
    while (made.size() < count) {
        made.push_back(traffic.next());
    }
    return made;
}

std::string fingerprint(const std::vector<TrafficRecord>& records) {
    std::string all;
    for (const auto& record : records) {
        all += record.card + '|' + record.value + '|' + std::to_string(record.sent_ms) + '\n';
    }
    return all;
}

TEST(TrafficGenerator, RepeatsItselfForASeedAndDiffersForAnother) {
    const auto once = fingerprint(records({.seed = 3}, 5000));

    EXPECT_EQ(fingerprint(records({.seed = 3}, 5000)), once);
    EXPECT_NE(fingerprint(records({.seed = 4}, 5000)), once);
}

TEST(TrafficGenerator, SendsInOrderButPaymentsWereMadeOutOfOrder) {
    const auto made = records({}, 20'000);
    const auto sent_before = [](const auto& left, const auto& right) {
        return left.sent_ms < right.sent_ms;
    };
    std::int64_t latest = 0;
    int out_of_order = 0;
    int hours_late = 0;

    for (const auto& record : made) {
        if (record.payment.has_value()) {
            const auto time = record.payment->event_time_ms();
            EXPECT_LE(time, record.sent_ms);
            out_of_order += time < latest ? 1 : 0;
            hours_late += time < latest - 2 * kHour ? 1 : 0;
            latest = std::max(latest, time);
        }
    }

    EXPECT_TRUE(std::is_sorted(made.begin(), made.end(), sent_before));
    EXPECT_GT(out_of_order, 200);
    EXPECT_GT(hours_late, 10);
}

// Otherwise the set of late payments would depend on the number of partitions.
TEST(TrafficGenerator, NeverDelaysByAnAmountThatIsNeitherInTimeNorClearlyTooLate) {
    for (const auto& record : records({}, 50'000)) {
        if (record.payment.has_value()) {
            const auto delay = record.sent_ms - record.payment->event_time_ms();
            EXPECT_TRUE(delay <= 15 * kMinute || delay >= 3 * kHour) << delay;
        }
    }
}

TEST(TrafficGenerator, AssignsAUniqueIdToEveryPayment) {
    std::set<std::uint64_t> ids;
    std::size_t payments = 0;

    for (const auto& record : records({}, 20'000)) {
        if (record.payment.has_value()) {
            ids.insert(record.payment->id());
            ++payments;
        }
    }

    EXPECT_EQ(ids.size(), payments);
}

TEST(TrafficGenerator, IncludesInvalidPayments) {
    int unreadable = 0;

    for (const auto& record : records({}, 20'000)) {
        const bool readable = fraud::Payment().ParseFromString(record.value);
        EXPECT_EQ(readable, record.payment.has_value());
        unreadable += readable ? 0 : 1;
    }

    EXPECT_GT(unreadable, 5);
}

TEST(TrafficGenerator, MovesByWholeDaysWithoutChangingAnythingElse) {
    const TrafficOptions first{.seed = 9};
    TrafficOptions later = first;
    later.first_day_ms += 3 * kDay;
    const auto one = records(first, 3000);
    const auto other = records(later, 3000);

    for (std::size_t i = 0; i < one.size(); ++i) {
        ASSERT_EQ(other[i].sent_ms, one[i].sent_ms + 3 * kDay);
        ASSERT_EQ(other[i].card, one[i].card);
    }
    EXPECT_EQ(fraud::expect(first, 3000).model_alerts, fraud::expect(later, 3000).model_alerts);
}

TEST(TrafficGenerator, EndsWithinTheDayBeforeTheCurrentTime) {
    for (const std::int64_t now :
         {20'000 * kDay + 5 * kHour, 20'500 * kDay, 22'000 * kDay + 23 * kHour}) {
        const auto made = records(fraud::ending_before(now, {.seed = 2}, 4000), 3900);

        EXPECT_LE(made.back().sent_ms, now);
        EXPECT_GT(made.back().sent_ms, now - kDay - kHour);
    }
}

TEST(Expectation, HasSomethingOfEveryKindForTheDemosTraffic) {
    const auto expected = fraud::expect({}, 10'000);

    EXPECT_EQ(expected.payments, 10'000U);
    EXPECT_GT(expected.high_risk.size(), 100U);
    EXPECT_GT(expected.velocity_alerts.size(), 5U);
    EXPECT_GT(expected.model_alerts.size(), 20U);
    EXPECT_GT(expected.dead_letters, 3U);
    EXPECT_GT(expected.too_late, 3U);
    EXPECT_GT(expected.velocity_alerts_if_never_too_late.size(), expected.velocity_alerts.size());
}

}  // namespace
