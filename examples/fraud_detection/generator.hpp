// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dice.hpp"
#include "payments.pb.h"
#include "world.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <vector>

namespace fraud {

struct TrafficOptions {
    std::uint64_t seed = 1;
    /// More cards mean more payments: the traffic of a day is proportional to them (600 cards:
    /// about 7,000).
    std::size_t cards = 600;
    /// Midnight (UTC) of the day on which the traffic starts, at 06:00. Moving it by whole days
    /// moves all times and changes nothing else. Default 2026-01-05.
    std::int64_t first_day_ms = 1'767'571'200'000;
};

/// The data of a payment terminal or shop: one record of the topic "payments".
struct TrafficRecord {
    std::string card;
    /// A serialised Payment, or invalid bytes.
    std::string value;
    /// When it arrived at the bank. Never decreases from one record to the next.
    std::int64_t sent_ms = 0;
    /// Empty if the value is unreadable.
    std::optional<Payment> payment;
    /// The truth, which the bank does not know: the payment is fraudulent.
    bool fraudulent = false;
};

/// An endless, seeded stream of card payments; equal options give equal records.
///
/// Most payments arrive within seconds, some terminals deliver up to ten minutes late, and a few
/// payments arrive hours late. Times of day, cards and merchants differ in activity. Thieves use a
/// card once or in bursts; some honest customers look like thieves. Not thread-safe.
class TrafficGenerator {
  public:
    explicit TrafficGenerator(TrafficOptions options);

    /// What the bank knows about the cards. Publish it before the first payment.
    std::vector<CardProfile> profiles() const;

    /// When the profiles were written: before any payment.
    std::int64_t profiles_time_ms() const;

    TrafficRecord next();

  private:
    struct Pending {
        TrafficRecord record;
        std::uint64_t number = 0;  // Breaks ties, so that the order is the same everywhere.
    };
    struct ArrivesLater {
        bool operator()(const Pending& left, const Pending& right) const;
    };

    void advance();
    void add_everyday_payment();
    void add_theft_burst();
    void add_cloned_card_payment();
    void add_shopping_spree();
    void add_poison();

    Payment everyday_payment(const Card& card, const std::string& country);
    void make(Payment payment, std::int64_t delay_ms, bool fraudulent);
    void push(TrafficRecord record);
    std::int64_t usual_delay();

    TrafficOptions options_;
    Dice dice_;
    World world_;
    std::int64_t now_ms_;
    double mean_gap_ms_;
    std::uint64_t next_payment_ = 1;
    std::uint64_t next_number_ = 0;
    std::priority_queue<Pending, std::vector<Pending>, ArrivesLater> pending_;
};

/// `options` moved by whole days, so that the last of the first `payments` payments arrives at the
/// bank within the 24 hours before `now_ms`: Kafka clusters refuse records with future timestamps
/// and delete old ones.
TrafficOptions ending_before(std::int64_t now_ms, TrafficOptions options, std::uint64_t payments);

}  // namespace fraud
