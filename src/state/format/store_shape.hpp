// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"

#include <cstdint>
#include <string>

namespace millrace::state {

/// What decides how the bytes of a store on disk are read: kept with them, and compared with what
/// the topology asks for when a store is opened.
struct StoreShape {
    /// What stands in front of a row's value.
    enum class RowForm { kPlain, kHeaders, kHeadersAndTime };

    detail::StoreKind kind = detail::StoreKind::kKeyValue;
    RowForm row_form = RowForm::kPlain;
    bool backed_up = true;              ///< A changelog has every row.
    std::int64_t segment_interval = 0;  ///< In milliseconds; 0: no segments.
    std::int64_t retention = 0;         ///< In milliseconds.
    std::string source_topic{};         ///< That serves as changelog; empty: its own, or none.
    std::string key_type{};             ///< Names of the types; empty: not known.
    std::string value_type{};

    bool operator==(const StoreShape&) const = default;
};

/// The shape that the topology asks for. Its headers must be settled: kNone, or there are some.
StoreShape shape_of(const detail::StoreSpec& spec);

/// "key-value store" and so on.
const char* name_of(detail::StoreKind kind);

/// The same, with what its rows have besides values.
std::string describe(const StoreShape& shape);

/// True when changelogs of the two kinds have the same keys and values, so that a store of one can
/// be restored from the changelog of the other.
bool same_changelog(detail::StoreKind a, detail::StoreKind b);

}  // namespace millrace::state
