// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/callable.hpp"
#include "millrace/detail/nodes/join_type.hpp"
#include "millrace/detail/serde/nullable.hpp"
#include "millrace/dsl/fwd.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"

#include <concepts>
#include <optional>
#include <type_traits>

namespace millrace::detail {

/// The value type of the stream of a table's new values.
template <class V, Removals kRemovals>
using StreamedValue = std::conditional_t<kRemovals == Removals::kPossible, std::optional<V>, V>;

template <class F, class K, class V, Removals kRemovals>
inline constexpr Removals kMappedRemovals =
    kRemovals == Removals::kNever && !kIsNullable<RecordResult<F, K, V>> ? Removals::kNever
                                                                         : Removals::kPossible;

/// The values of the table that a join with `F` creates.
template <JoinType kType, class F, class K, class V, class VOther>
using TableJoinResult = Plain<JoinedValue<kType, F, K, V, VOther>>;

/// Rows can be deleted if an aggregator can return null.
template <class Result>
inline constexpr Removals kRemovalsOf =
    kIsNullable<Result> ? Removals::kPossible : Removals::kNever;

/// The values that a windowed aggregate receives: sliding windows drop nulls.
template <class V, class Windows>
using WindowValue = std::conditional_t<std::same_as<Windows, SlidingWindows>, Plain<V>, V>;

/// The result of windowed_by of a grouped stream.
template <class K, class V, class Windows>
struct WindowedStream {
    using Type = TimeWindowedKStream<K, V, Windows>;
};
template <class K, class V>
struct WindowedStream<K, V, SessionWindows> {
    using Type = SessionWindowedKStream<K, V>;
};

/// The result of windowed_by of a cogroup.
template <class K, class VOut, class Windows>
struct WindowedCogroup {
    using Type = TimeWindowedCogroupedKStream<K, VOut, Windows>;
};
template <class K, class VOut>
struct WindowedCogroup<K, VOut, SessionWindows> {
    using Type = SessionWindowedCogroupedKStream<K, VOut>;
};

}  // namespace millrace::detail
