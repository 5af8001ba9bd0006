// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "features.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace fraud {

/// The built-in model (model.json) in XGBoost's format. Valid as long as the program runs.
std::string_view built_in_model();

/// Estimates the probability that a payment is fraudulent with a gradient-boosted tree model.
///
/// A copy loads the model again and shares only its bytes with the original, so if every task gets
/// a copy, no model is shared between threads. Threads: not thread-safe. Errors: the constructor
/// throws std::runtime_error if the bytes are not a model, or if the model has other features or no
/// threshold.
class Scorer {
  public:
    explicit Scorer(std::string_view model = built_in_model());
    Scorer(const Scorer& other);
    Scorer(Scorer&&) noexcept;
    Scorer& operator=(Scorer other) noexcept;
    ~Scorer();

    /// From 0 to 1. Throws std::runtime_error if XGBoost fails.
    float score(const Features& features) const;

    /// The score at which the model's trainer would raise an alert.
    float threshold() const;

  private:
    struct Loaded;

    std::shared_ptr<const std::string> model_;
    std::unique_ptr<Loaded> loaded_;
};

}  // namespace fraud
