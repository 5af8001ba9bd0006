// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace {

/// Whether rows of a table can be deleted, and therefore whether its stream has nulls.
enum class Removals {
    kPossible,
    kNever,
};

template <class K, class V>
class KStream;
template <class K, class V>
class BranchedKStream;
template <class K, class V>
class KGroupedStream;
template <class K, class V, class Windows>
class TimeWindowedKStream;
template <class K, class V>
class SessionWindowedKStream;
template <class K, class V, Removals kRemovals = Removals::kPossible>
class KTable;
template <class K, class V>
class KGroupedTable;
template <class K, class V>
class GlobalKTable;
template <class K, class VOut>
class CogroupedKStream;
template <class K, class VOut, class Windows>
class TimeWindowedCogroupedKStream;
template <class K, class VOut>
class SessionWindowedCogroupedKStream;

}  // namespace millrace
