// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace millrace::testing::simulated {

/// Leaves out elements as long as the rest still fails: large parts first, then single ones. Each
/// call of `fails` takes one of `attempts`.
template <class T>
std::vector<T> shrink(std::vector<T> all, const std::function<bool(const std::vector<T>&)>& fails,
                      int& attempts) {
    for (std::size_t part = (all.size() + 1) / 2; part > 0; part /= 2) {
        for (std::size_t begin = 0; begin < all.size();) {
            if (--attempts < 0) {
                return all;
            }
            const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
            const auto last =
                all.begin() + static_cast<std::ptrdiff_t>(std::min(begin + part, all.size()));
            std::vector<T> rest(all.begin(), first);
            rest.insert(rest.end(), last, all.end());
            if (fails(rest)) {
                all = std::move(rest);
            } else {
                begin += part;
            }
        }
    }
    return all;
}

}  // namespace millrace::testing::simulated
