// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "payments.pb.h"

#include <array>
#include <cstddef>

namespace fraud {

/// What the model looks at, in this order. The model carries these names and is refused if they
/// differ.
inline constexpr std::array kFeatureNames{
    "amount",   "amount_over_mean", "amount_deviations", "abroad", "travels",  "online",
    "category", "usual_category",   "hours_off_duty",    "hour",   "age_days", "chargebacks"};

using Features = std::array<float, kFeatureNames.size()>;

/// A payment as the model sees it, beside what is known about the card.
Features features_of(const Payment& payment, const CardProfile& profile);

}  // namespace fraud
