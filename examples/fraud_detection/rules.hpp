// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace fraud {

inline constexpr const char* kPaymentsTopic = "payments";
inline constexpr const char* kProfilesTopic = "card-profiles";
inline constexpr const char* kHighRiskTopic = "high-risk";
inline constexpr const char* kVelocityTopic = "velocity-alerts";
inline constexpr const char* kModelTopic = "model-alerts";
inline constexpr const char* kDeadLetterTopic = "payments-dead-letter";

/// A payment of more than this is high-risk.
inline constexpr std::int64_t kHighRiskCents = 100'00;

/// More payments of one card than this in one window raise a velocity alert.
inline constexpr int kVelocityLimit = 10;

inline constexpr std::chrono::milliseconds kVelocityWindow = std::chrono::hours(1);

/// How long after the end of a window its payments are still counted.
inline constexpr std::chrono::milliseconds kVelocityGrace = std::chrono::minutes(30);

}  // namespace fraud
