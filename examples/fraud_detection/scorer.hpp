// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "features.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace fraud {

/// The model this program was built with (model.json), as XGBoost saved it. Lives as long as the
/// program.
std::string_view built_in_model();

/// Says how likely a thief made a payment, by a gradient-boosted tree model.
///
/// A copy loads the model again and shares nothing with the original but its bytes, so giving every
/// task a copy gives every thread a model of its own.
/// Threads: not thread-safe.
/// Errors: construction throws std::runtime_error if the bytes are not a model, or one for other
/// features or without a threshold.
class Scorer {
  public:
    explicit Scorer(std::string_view model = built_in_model());
    Scorer(const Scorer& other);
    Scorer(Scorer&&) noexcept;
    Scorer& operator=(Scorer other) noexcept;
    ~Scorer();

    /// From 0 to 1. Throws std::runtime_error if XGBoost fails.
    float score(const Features& features) const;

    /// The score from which on the model's trainer would raise an alert.
    float threshold() const;

  private:
    struct Loaded;

    std::shared_ptr<const std::string> model_;
    std::unique_ptr<Loaded> loaded_;
};

}  // namespace fraud
