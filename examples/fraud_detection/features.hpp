// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "payments.pb.h"

#include <array>
#include <cstddef>

namespace fraud {

/// The features of the model, in this order. The model contains these names and is refused if they
/// differ.
inline constexpr std::array kFeatureNames{
    "amount",   "amount_over_mean", "amount_deviations", "abroad", "travels",  "online",
    "category", "usual_category",   "hours_off_duty",    "hour",   "age_days", "chargebacks"};

using Features = std::array<float, kFeatureNames.size()>;

/// A payment as the model sees it, with the known facts about the card.
Features features_of(const Payment& payment, const CardProfile& profile);

}  // namespace fraud
