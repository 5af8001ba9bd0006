// SPDX-License-Identifier: Apache-2.0
#include "generator.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fraud {

namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// The activity in each hour of the day, relative to the busiest.
constexpr double kActivity[24] = {0.12, 0.10, 0.10, 0.10, 0.12, 0.2,  0.4,  0.6,
                                  0.75, 0.8,  0.85, 0.95, 1.0,  0.95, 0.85, 0.85,
                                  0.9,  1.0,  1.0,  0.9,  0.7,  0.5,  0.35, 0.2};

int hour_of_day(std::int64_t time_ms) {
    return static_cast<int>(time_ms / kHour % 24);
}

std::int64_t cents(double amount) {
    return std::max<std::int64_t>(50, std::llround(amount));
}

}  // namespace

bool TrafficGenerator::ArrivesLater::operator()(const Pending& left, const Pending& right) const {
    return std::pair(left.record.sent_ms, left.number) >
           std::pair(right.record.sent_ms, right.number);
}

TrafficGenerator::TrafficGenerator(TrafficOptions options)
    : options_(options),
      dice_(options.seed),
      world_(dice_, options.cards),
      now_ms_(options.first_day_ms + 6 * kHour),
      mean_gap_ms_(4800.0 * kSecond / static_cast<double>(options.cards)) {}

std::vector<CardProfile> TrafficGenerator::profiles() const {
    std::vector<CardProfile> known;
    for (const auto& card : world_.cards()) {
        if (card.known) {
            known.push_back(card.profile);
        }
    }
    return known;
}

std::int64_t TrafficGenerator::profiles_time_ms() const {
    return options_.first_day_ms - kDay;
}

TrafficRecord TrafficGenerator::next() {
    // Payments that advance() adds arrive at now_ms_ or later, so the order before that is final.
    while (pending_.empty() || pending_.top().record.sent_ms >= now_ms_) {
        advance();
    }
    TrafficRecord record = pending_.top().record;
    pending_.pop();
    return record;
}

void TrafficGenerator::advance() {
    now_ms_ += 1 + std::llround(dice_.exponential(mean_gap_ms_));
    if (!dice_.chance(kActivity[hour_of_day(now_ms_)])) {
        return;
    }
    const double kind = dice_.unit();
    if (kind < 0.001) {
        add_theft_burst();
    } else if (kind < 0.003) {
        add_cloned_card_payment();
    } else if (kind < 0.005) {
        add_shopping_spree();
    } else if (kind < 0.007) {
        add_poison();
    } else {
        add_everyday_payment();
    }
}

void TrafficGenerator::add_everyday_payment() {
    const Card* card = &world_.pick_card(dice_);
    const auto active_now = [&] {
        const int hour = hour_of_day(now_ms_);
        return card->profile.active_from_hour() <= hour && hour < card->profile.active_to_hour();
    };
    // People are usually, but not always, awake by day.
    for (int i = 0; i < 5 && !active_now(); ++i) {
        card = &world_.pick_card(dice_);
    }
    const auto& home = card->profile.home_country();
    const bool abroad = dice_.chance(card->profile.travels() ? 0.15 : 0.03);
    // Draws are separate statements, because the compiler chooses the evaluation order of
    // arguments.
    Payment payment = everyday_payment(*card, abroad ? world_.pick_country_but(dice_, home) : home);
    make(std::move(payment), usual_delay(), false);
}

// A thief tests the card with small amounts, then empties it, online and mostly from abroad.
void TrafficGenerator::add_theft_burst() {
    const Card& card = world_.pick_card(dice_);
    const auto& home = card.profile.home_country();
    const std::string country = dice_.chance(0.7) ? world_.pick_country_but(dice_, home) : home;
    const auto count = dice_.between(std::int64_t{9}, std::int64_t{28});
    for (std::int64_t i = 0; i < count; ++i) {
        const Category category = dice_.chance(0.5) ? CATEGORY_GIFT_CARDS : CATEGORY_ELECTRONICS;
        const auto mean = static_cast<double>(card.profile.mean_amount_cents());
        Payment payment = everyday_payment(card, country);
        if (dice_.chance(0.8)) {
            payment.set_merchant(world_.pick_merchant(dice_, country, category).id);
            payment.set_category(category);
        }
        payment.set_amount_cents(
            cents(i < 3 ? dice_.between(100.0, 500.0) : mean * dice_.between(0.7, 5.0)));
        payment.set_card_present(false);
        payment.set_event_time_ms(now_ms_ + i * dice_.between(30 * kSecond, 3 * kMinute));
        make(std::move(payment), usual_delay(), true);
    }
}

void TrafficGenerator::add_cloned_card_payment() {
    const Card& card = world_.pick_card(dice_);
    const auto country = world_.pick_country_but(dice_, card.profile.home_country());
    const auto mean = static_cast<double>(card.profile.mean_amount_cents());
    Payment payment = everyday_payment(card, country);
    payment.set_category(dice_.chance(0.6) ? CATEGORY_CASH : CATEGORY_ELECTRONICS);
    payment.set_merchant(world_.pick_merchant(dice_, country, payment.category()).id);
    payment.set_amount_cents(cents(mean * dice_.between(1.0, 7.0)));
    make(std::move(payment), usual_delay(), true);
}

// An honest customer pays exactly as often in one hour as is allowed. Half of them pay again,
// which raises an alert, from a terminal that delivers after the hour has ended. The eleventh
// payment of the others arrives so late that it must not count.
void TrafficGenerator::add_shopping_spree() {
    const Card& card = world_.pick_card(dice_);
    const std::int64_t next_hour = (now_ms_ / kHour + 1) * kHour;
    const auto pay = [&](std::int64_t from, std::int64_t to, std::int64_t arrives_ms) {
        Payment payment = everyday_payment(card, card.profile.home_country());
        payment.set_amount_cents(cents(static_cast<double>(payment.amount_cents()) * 0.5));
        payment.set_event_time_ms(next_hour + dice_.between(from, to));
        make(payment, arrives_ms - (payment.event_time_ms() - next_hour), false);
    };
    for (int i = 0; i < 10; ++i) {
        const std::int64_t when = (10 + 4 * i) * kMinute;
        pay(when, when + 2 * kMinute, when + 3 * kMinute);
    }
    if (dice_.chance(0.5)) {
        pay(58 * kMinute, kHour - 1, kHour + dice_.between(kMinute, 8 * kMinute));
    } else {
        pay(58 * kMinute, kHour - 1, kHour + dice_.between(3 * kHour, 6 * kHour));
    }
}

// Bytes that are not a Payment: truncated, in another format, or random.
void TrafficGenerator::add_poison() {
    const Card& card = world_.pick_card(dice_);
    const Payment payment = everyday_payment(card, card.profile.home_country());
    const std::string good = payment.SerializeAsString();
    std::string bad;
    do {
        switch (dice_.between(std::int64_t{0}, std::int64_t{2})) {
            case 0:
                bad = good.substr(
                    0, static_cast<std::size_t>(dice_.between(
                           std::int64_t{1}, static_cast<std::int64_t>(good.size()) - 1)));
                break;
            case 1:
                bad = R"({"card":")" + card.profile.card() + R"(","amount":)" +
                      std::to_string(payment.amount_cents()) + "}";
                break;
            default:
                bad.resize(40);
                std::generate(bad.begin(), bad.end(),
                              [&] { return static_cast<char>(dice_.bits() & 0xFFU); });
        }
    } while (Payment().ParseFromString(bad));
    push({card.profile.card(), std::move(bad), now_ms_, std::nullopt, false});
}

Payment TrafficGenerator::everyday_payment(const Card& card, const std::string& country) {
    const auto& profile = card.profile;
    const Merchant* merchant = &world_.pick_merchant(dice_, country);
    const auto usual = [&] {
        return std::find(profile.usual_categories().begin(), profile.usual_categories().end(),
                         merchant->category) != profile.usual_categories().end();
    };
    for (int i = 0; i < 3 && !usual(); ++i) {
        merchant = &world_.pick_merchant(dice_, country);
    }
    const double spread = static_cast<double>(profile.amount_deviation_cents()) /
                          static_cast<double>(profile.mean_amount_cents());
    Payment payment;
    payment.set_id(next_payment_++);
    payment.set_card(profile.card());
    payment.set_merchant(merchant->id);
    payment.set_category(merchant->category);
    payment.set_amount_cents(
        cents(static_cast<double>(profile.mean_amount_cents()) * merchant->price_level *
              std::exp(dice_.normal(-spread * spread / 2, spread))));
    payment.set_currency(currency_of(country));
    payment.set_country(country);
    payment.set_card_present(dice_.chance(0.7));
    payment.set_event_time_ms(now_ms_);
    return payment;
}

std::int64_t TrafficGenerator::usual_delay() {
    const double kind = dice_.unit();
    if (kind < 0.9) {
        return dice_.between(std::int64_t{50}, 2 * kSecond);
    }
    if (kind < 0.985) {
        return dice_.between(2 * kSecond, kMinute);
    }
    if (kind < 0.997) {
        return dice_.between(kMinute, 10 * kMinute);
    }
    return dice_.between(3 * kHour, 6 * kHour);
}

void TrafficGenerator::make(Payment payment, std::int64_t delay_ms, bool fraudulent) {
    TrafficRecord record;
    record.card = payment.card();
    record.value = payment.SerializeAsString();
    record.sent_ms = payment.event_time_ms() + delay_ms;
    record.payment = std::move(payment);
    record.fraudulent = fraudulent;
    push(std::move(record));
}

void TrafficGenerator::push(TrafficRecord record) {
    pending_.push({std::move(record), next_number_++});
}

TrafficOptions ending_before(std::int64_t now_ms, TrafficOptions options, std::uint64_t payments) {
    TrafficGenerator traffic(options);
    std::int64_t end_ms = traffic.profiles_time_ms();
    for (std::uint64_t made = 0; made < payments;) {
        const auto record = traffic.next();
        made += record.payment.has_value() ? 1 : 0;
        end_ms = record.sent_ms;
    }
    const std::int64_t room_ms = now_ms - end_ms;
    const std::int64_t days = room_ms >= 0 ? room_ms / kDay : -((-room_ms + kDay - 1) / kDay);
    options.first_day_ms += days * kDay;
    return options;
}

}  // namespace fraud
