// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dice.hpp"
#include "payments.pb.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace fraud {

/// A card and the habits of its owner.
struct Card {
    CardProfile profile;
    /// The bank has published the profile. New cards have none yet.
    bool known = true;
};

struct Merchant {
    std::string id;
    std::string country;
    Category category = CATEGORY_UNKNOWN;
    /// The price of a payment here, as a multiple of the card's usual payment.
    double price_level = 1.0;
};

/// The cards and merchants of the payments.
class World {
  public:
    /// Draws everything from `dice`. Requires cards > 0.
    World(Dice& dice, std::size_t cards);

    const std::vector<Card>& cards() const { return cards_; }

    /// A random card, weighted by activity.
    const Card& pick_card(Dice& dice) const;

    /// A merchant in `country`.
    const Merchant& pick_merchant(Dice& dice, const std::string& country) const;

    /// A merchant in `country` of that category, or of any if there is none.
    const Merchant& pick_merchant(Dice& dice, const std::string& country, Category category) const;

    /// A country other than `home`.
    const std::string& pick_country_but(Dice& dice, const std::string& home) const;

  private:
    void add_cards(Dice& dice, std::size_t count);
    void add_merchants(Dice& dice);

    std::vector<Card> cards_;
    std::vector<double> activity_;  // Running totals, to draw cards by activity.
    std::map<std::string, std::vector<Merchant>> merchants_;
};

/// The currency of a country of this world.
const std::string& currency_of(const std::string& country);

}  // namespace fraud
