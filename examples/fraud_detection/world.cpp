// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace fraud {

namespace {

const std::vector<std::string>& countries() {
    static const std::vector<std::string> all{"DE", "FR", "NL", "ES", "IT", "GB", "CH", "US"};
    return all;
}

struct CategoryHabit {
    Category category;
    double price_level;
    int merchants;
};

// Per country.
constexpr CategoryHabit kCategories[] = {
    {CATEGORY_GROCERIES, 0.9, 12}, {CATEGORY_RESTAURANT, 0.8, 10}, {CATEGORY_FUEL, 1.3, 4},
    {CATEGORY_TRANSPORT, 0.4, 4},  {CATEGORY_CLOTHING, 1.6, 5},    {CATEGORY_ELECTRONICS, 2.8, 3},
    {CATEGORY_TRAVEL, 3.5, 3},     {CATEGORY_GIFT_CARDS, 1.2, 2},  {CATEGORY_CASH, 2.0, 3},
};

std::string numbered(const char* prefix, std::size_t number, int width) {
    char text[32];
    std::snprintf(text, sizeof text, "%s%0*zu", prefix, width, number);
    return text;
}

CardProfile draw_profile(Dice& dice, std::size_t number) {
    CardProfile profile;
    profile.set_card(numbered("card-", number, 6));
    profile.set_home_country(dice.one_of(countries()));
    const double mean = std::exp(dice.normal(std::log(28.0), 0.45)) * 100;
    profile.set_mean_amount_cents(std::llround(mean));
    profile.set_amount_deviation_cents(std::llround(mean * dice.between(0.35, 0.7)));
    const std::int64_t from = dice.between(std::int64_t{5}, std::int64_t{11});
    profile.set_active_from_hour(static_cast<int>(from));
    profile.set_active_to_hour(static_cast<int>(
        std::min<std::int64_t>(24, from + dice.between(std::int64_t{10}, std::int64_t{14}))));
    for (const auto& habit : kCategories) {
        if (dice.chance(habit.merchants / 13.0)) {
            profile.add_usual_categories(habit.category);
        }
    }
    profile.set_travels(dice.chance(0.15));
    profile.set_age_days(static_cast<int>(dice.between(std::int64_t{30}, std::int64_t{4000})));
    profile.set_chargebacks(dice.chance(0.05) ? 1 : 0);
    return profile;
}

}  // namespace

const std::string& currency_of(const std::string& country) {
    static const std::string euro = "EUR";
    static const std::map<std::string, std::string> others{
        {"GB", "GBP"}, {"CH", "CHF"}, {"US", "USD"}};
    const auto found = others.find(country);
    return found == others.end() ? euro : found->second;
}

World::World(Dice& dice, std::size_t cards) {
    add_merchants(dice);
    add_cards(dice, cards);
}

void World::add_cards(Dice& dice, std::size_t count) {
    double total = 0;
    for (std::size_t number = 1; number <= count; ++number) {
        Card card{draw_profile(dice, number), !dice.chance(0.02)};
        total += std::exp(dice.normal(0, 0.6));
        activity_.push_back(total);
        cards_.push_back(std::move(card));
    }
}

void World::add_merchants(Dice& dice) {
    std::size_t number = 0;
    for (const auto& country : countries()) {
        for (const auto& habit : kCategories) {
            for (int i = 0; i < habit.merchants; ++i) {
                merchants_[country].push_back({numbered("merchant-", ++number, 4), country,
                                               habit.category,
                                               habit.price_level * dice.between(0.7, 1.4)});
            }
        }
    }
}

const Card& World::pick_card(Dice& dice) const {
    const double where = dice.unit() * activity_.back();
    const auto found = std::upper_bound(activity_.begin(), activity_.end(), where);
    const auto index = static_cast<std::size_t>(found - activity_.begin());
    return cards_[std::min(index, cards_.size() - 1)];
}

const Merchant& World::pick_merchant(Dice& dice, const std::string& country) const {
    return dice.one_of(merchants_.at(country));
}

const Merchant& World::pick_merchant(Dice& dice, const std::string& country,
                                     Category category) const {
    std::vector<const Merchant*> candidates;
    for (const auto& merchant : merchants_.at(country)) {
        if (merchant.category == category) {
            candidates.push_back(&merchant);
        }
    }
    return candidates.empty() ? pick_merchant(dice, country) : *dice.one_of(candidates);
}

const std::string& World::pick_country_but(Dice& dice, const std::string& home) const {
    while (true) {
        const auto& country = dice.one_of(countries());
        if (country != home) {
            return country;
        }
    }
}

}  // namespace fraud
