// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/callable.hpp"

#include <type_traits>

namespace millrace::detail {

enum class JoinType { kInner, kLeft, kOuter };

/// A side of a join.
enum class Side { kLeft, kRight };

/// The one of two types that belongs to `kSide`.
template <Side kSide, class Left, class Right>
using OfSide = std::conditional_t<kSide == Side::kLeft, Left, Right>;

/// The joiner's argument for the left side: a pointer if the join type allows a missing value.
template <JoinType kType, class V>
using LeftArgument = std::conditional_t<kType == JoinType::kOuter, const V*, const V&>;

/// The same for the right side.
template <JoinType kType, class V>
using RightArgument = std::conditional_t<kType == JoinType::kInner, const V&, const V*>;

/// The result of joiner `F` for these types.
template <JoinType kType, class F, class K, class VLeft, class VRight>
using JoinedValue = JoinResult<F, K, LeftArgument<kType, VLeft>, RightArgument<kType, VRight>>;

/// Calls `join` with both sides; those that the join type requires must not be null.
template <JoinType kType, class F, class K, class VLeft, class VRight>
decltype(auto) join_sides(F& join, const K& key, const VLeft* left, const VRight* right) {
    if constexpr (kType == JoinType::kInner) {
        return call_joiner(join, key, *left, *right);
    } else if constexpr (kType == JoinType::kLeft) {
        return call_joiner(join, key, *left, right);
    } else {
        return call_joiner(join, key, left, right);
    }
}

}  // namespace millrace::detail
