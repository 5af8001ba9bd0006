// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"

#include <concepts>
#include <string>
#include <utility>

namespace millrace {

/// The declaration of a state store of any kind, from the result of a stores:: function.
class StoreDeclaration {
  public:
    template <class Builder>
        requires requires(const Builder& builder) {
            { builder.spec() } -> std::convertible_to<const detail::StoreSpec&>;
        }
    StoreDeclaration(const Builder& builder)  // NOLINT(google-explicit-constructor)
        : spec_(builder.spec()) {}

    explicit StoreDeclaration(detail::StoreSpec spec) : spec_(std::move(spec)) {}

    const std::string& name() const noexcept { return spec_.name; }
    const detail::StoreSpec& spec() const noexcept { return spec_; }

  private:
    detail::StoreSpec spec_;
};

}  // namespace millrace
