// SPDX-License-Identifier: Apache-2.0
#include "topology.hpp"

#include "expected.hpp"
#include "features.hpp"
#include "generator.hpp"
#include "payments.pb.h"
#include "rules.hpp"

#include "millrace/serde/protobuf.hpp"
#include "millrace/testing/topology_test_driver.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fraud {
namespace {

using namespace std::chrono_literals;
using millrace::Timestamp;
using millrace::testing::DriverOptions;
using millrace::testing::TopologyTestDriver;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// 13:00 on 2026-01-05; windows start at the full hour.
constexpr Timestamp kOneOClock = millrace::timestamp_of(1'767'571'200'000 + 13 * 3'600'000);

DriverOptions driver_options() {
    DriverOptions options;
    options.config = {{"errors.dead.letter.queue.topic.name", kDeadLetterTopic}};
    options.deserialization_handler = millrace::log_and_continue;
    return options;
}

class FraudDetection : public ::testing::Test {
  protected:
    TopologyTestDriver driver{fraud_detection(), driver_options()};
    millrace::testing::TestInputTopic<std::string, Payment> payments =
        driver.input_topic<std::string, Payment>(kPaymentsTopic);
    millrace::testing::TestInputTopic<std::string, CardProfile> profiles =
        driver.input_topic<std::string, CardProfile>(kProfilesTopic);
    millrace::testing::TestOutputTopic<std::string, HighRiskAlert> high_risk =
        driver.output_topic<std::string, HighRiskAlert>(kHighRiskTopic);
    millrace::testing::TestOutputTopic<std::string, VelocityAlert> velocity =
        driver.output_topic<std::string, VelocityAlert>(kVelocityTopic);
    millrace::testing::TestOutputTopic<std::string, ModelAlert> model =
        driver.output_topic<std::string, ModelAlert>(kModelTopic);

    // The time of the Kafka record differs: only the payment's own time may be used.
    Payment pay(const std::string& card, std::int64_t cents, std::chrono::milliseconds after) {
        Payment payment;
        payment.set_id(++last_id);
        payment.set_card(card);
        payment.set_amount_cents(cents);
        payment.set_event_time_ms(millrace::milliseconds_of(kOneOClock + after));
        pay(payment);
        return payment;
    }

    void pay(const Payment& payment) { payments.pipe(payment.card(), payment, kOneOClock + 1000h); }

    void pay_times(int times, std::chrono::milliseconds after) {
        for (int i = 0; i < times; ++i) {
            pay("ada", 100, after);
        }
    }

    std::vector<std::string> velocity_keys() {
        std::vector<std::string> keys;
        for (const auto& [key, alert] : velocity.drain_key_values()) {
            keys.push_back(key);
        }
        return keys;
    }

    std::uint64_t last_id = 0;
};

TEST_F(FraudDetection, ReportsAmountsOverOneHundred) {
    pay("ada", 100'00, 0min);
    const auto large = pay("ada", 100'01, 1min);

    const auto alerts = high_risk.drain_records();

    ASSERT_THAT(alerts, SizeIs(1));
    EXPECT_EQ(alerts[0].key, "ada");
    EXPECT_EQ(alerts[0].value.payment().id(), large.id());
    EXPECT_EQ(alerts[0].timestamp, kOneOClock + 1min);
}

TEST_F(FraudDetection, RaisesOneVelocityAlertAtTheEleventhPaymentOfTheHour) {
    pay_times(10, 5min);
    EXPECT_THAT(velocity_keys(), IsEmpty());

    const auto eleventh = pay("ada", 250, 59min);
    pay_times(5, 59min);

    const auto alerts = velocity.drain_key_values();
    ASSERT_THAT(alerts, SizeIs(1));
    EXPECT_EQ(alerts[0].first, "ada@2026-01-05T13:00Z");
    EXPECT_EQ(alerts[0].second.payments(), 11);
    EXPECT_EQ(alerts[0].second.total_cents(), 10 * 100 + 250);
    EXPECT_EQ(alerts[0].second.last_payment(), eleventh.id());
    EXPECT_EQ(alerts[0].second.window_start_ms(), millrace::milliseconds_of(kOneOClock));
    EXPECT_EQ(alerts[0].second.window_end_ms(), millrace::milliseconds_of(kOneOClock + 1h));
}

TEST_F(FraudDetection, CountsEachCardAndEachHourSeparately) {
    for (int i = 0; i < 10; ++i) {
        pay("ada", 100, 30min);
        pay("bob", 100, 30min);
        pay("ada", 100, 60min);
    }

    EXPECT_THAT(velocity_keys(), IsEmpty());
}

TEST_F(FraudDetection, CountsLatePaymentsWithinTheGracePeriod) {
    pay_times(10, 30min);
    pay("bob", 100, 89min);

    pay("ada", 100, 58min);

    EXPECT_THAT(velocity_keys(), ElementsAre("ada@2026-01-05T13:00Z"));
}

TEST_F(FraudDetection, IgnoresPaymentsAfterTheGracePeriod) {
    pay_times(10, 30min);
    pay("bob", 100, 90min);

    pay("ada", 100, 58min);

    EXPECT_THAT(velocity_keys(), IsEmpty());
    EXPECT_EQ(driver.dropped_records(), 1U);
}

TEST_F(FraudDetection, CountsAPaymentThatIsProcessedAgainOnce) {
    pay_times(9, 30min);
    const auto tenth = pay("ada", 100, 30min);
    pay(tenth);
    EXPECT_THAT(velocity_keys(), IsEmpty());

    pay("ada", 100, 31min);
    EXPECT_THAT(velocity_keys(), SizeIs(1));
}

TEST_F(FraudDetection, RepeatsTheSameAlertWhenThePaymentThatRaisedItIsProcessedAgain) {
    pay_times(10, 30min);
    const auto eleventh = pay("ada", 100, 31min);
    pay_times(3, 32min);
    const auto first = velocity.drain_key_values();

    pay(eleventh);

    const auto again = velocity.drain_key_values();
    ASSERT_THAT(first, SizeIs(1));
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_EQ(again[0].first, first[0].first);
    EXPECT_EQ(again[0].second.SerializeAsString(), first[0].second.SerializeAsString());
}

TEST_F(FraudDetection, ScoresPaymentsOfCardsWhoseProfileIsKnown) {
    CardProfile profile;
    profile.set_card("ada");
    profile.set_home_country("DE");
    profile.set_mean_amount_cents(20'00);
    profile.set_amount_deviation_cents(8'00);
    profile.set_active_from_hour(7);
    profile.set_active_to_hour(21);
    profile.add_usual_categories(CATEGORY_GROCERIES);
    profile.set_age_days(900);
    Payment theft;
    theft.set_id(1);
    theft.set_card("ada");
    theft.set_category(CATEGORY_GIFT_CARDS);
    theft.set_amount_cents(95'00);
    theft.set_country("US");
    theft.set_event_time_ms(millrace::milliseconds_of(kOneOClock));
    Payment groceries = theft;
    groceries.set_id(2);
    groceries.set_category(CATEGORY_GROCERIES);
    groceries.set_amount_cents(18'00);
    groceries.set_country("DE");
    groceries.set_card_present(true);

    pay(theft);
    EXPECT_THAT(model.drain_values(), IsEmpty()) << "nothing is known about the card yet";
    profiles.pipe("ada", profile, kOneOClock - 24h);
    pay(theft);
    pay(groceries);

    const auto alerts = model.drain_key_values();
    const Scorer scorer;
    ASSERT_THAT(alerts, SizeIs(1));
    EXPECT_EQ(alerts[0].first, "ada");
    EXPECT_EQ(alerts[0].second.payment().id(), theft.id());
    EXPECT_EQ(alerts[0].second.score(), scorer.score(features_of(theft, profile)));
    EXPECT_EQ(alerts[0].second.threshold(), scorer.threshold());
}

TEST_F(FraudDetection, SendsUnreadablePaymentsToTheDeadLetterTopicAndContinues) {
    driver.pipe(
        {.topic = kPaymentsTopic, .key = "ada", .value = "no payment", .timestamp = kOneOClock});
    pay("ada", 500'00, 1min);

    const auto letter = driver.output_topic<std::string, std::string>(kDeadLetterTopic).read();

    EXPECT_EQ(letter.key, "ada");
    EXPECT_EQ(letter.value, "no payment");
    ASSERT_NE(letter.headers.last("__streams.errors.topic"), nullptr);
    EXPECT_EQ(letter.headers.last("__streams.errors.topic")->value, kPaymentsTopic);
    EXPECT_NE(letter.headers.last("__streams.errors.exception"), nullptr);
    EXPECT_THAT(high_risk.drain_values(), SizeIs(1));
}

TEST(FraudDetectionReadme, ShowsTheActualTopology) {
    std::ifstream file(FRAUD_DETECTION_README);
    const std::string readme(std::istreambuf_iterator<char>(file), {});
    const auto begin = readme.find("\nTopologies:\n") + 1;
    const auto end = readme.find("```", begin);

    EXPECT_EQ(readme.substr(begin, end - begin), fraud_detection().describe());
}

// The driver has one partition, so this is the simple case: nothing is lost, duplicated or
// reordered.
TEST_F(FraudDetection, MatchesAPlainLoopOnGeneratedTraffic) {
    constexpr std::uint64_t kPayments = 6000;
    const TrafficOptions options{.seed = 42};
    const Expectation expected = expect(options, kPayments);
    TrafficGenerator traffic(options);
    for (const auto& profile : traffic.profiles()) {
        profiles.pipe(profile.card(), profile, millrace::timestamp_of(traffic.profiles_time_ms()));
    }

    for (std::uint64_t made = 0; made < kPayments;) {
        const auto record = traffic.next();
        made += record.payment.has_value() ? 1 : 0;
        driver.pipe({.topic = kPaymentsTopic,
                     .key = record.card,
                     .value = record.value,
                     .timestamp = millrace::timestamp_of(record.sent_ms)});
    }

    std::map<std::string, std::string> velocity_alerts;
    for (const auto& [key, alert] : velocity.drain_key_values()) {
        EXPECT_TRUE(velocity_alerts.emplace(key, alert.SerializeAsString()).second) << key;
    }
    std::set<std::uint64_t> high_risk_payments;
    for (const auto& alert : high_risk.drain_values()) {
        EXPECT_TRUE(high_risk_payments.insert(alert.payment().id()).second);
    }
    std::set<std::uint64_t> model_payments;
    for (const auto& alert : model.drain_values()) {
        EXPECT_TRUE(model_payments.insert(alert.payment().id()).second);
    }
    EXPECT_EQ(velocity_alerts, expected.velocity_alerts);
    EXPECT_EQ(high_risk_payments, expected.high_risk);
    EXPECT_EQ(model_payments, expected.model_alerts);
    EXPECT_EQ(driver.dropped_records(), expected.too_late + expected.dead_letters);
    EXPECT_EQ((driver.output_topic<std::string, std::string>(kDeadLetterTopic).size()),
              expected.dead_letters);
}

}  // namespace
}  // namespace fraud
