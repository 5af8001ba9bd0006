// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"

#include <cstdint>
#include <string>

namespace millrace::state {

/// Determines the format of a store's bytes on disk. It is stored with them, and compared with the
/// topology's store when the store is opened.
struct StoreShape {
    /// The prefix of a row's value.
    enum class RowForm { kPlain, kHeaders, kHeadersAndTime };

    detail::StoreKind kind = detail::StoreKind::kKeyValue;
    RowForm row_form = RowForm::kPlain;
    bool backed_up = true;              ///< A changelog has every row.
    std::int64_t segment_interval = 0;  ///< In milliseconds; 0: no segments.
    std::int64_t retention = 0;         ///< In milliseconds.
    /// The source topic that serves as changelog; empty: its own topic, or none.
    std::string source_topic{};
    std::string key_type{};  ///< Names of the types; empty: unknown.
    std::string value_type{};

    bool operator==(const StoreShape&) const = default;
};

/// The shape of a store of the topology. Its headers must be resolved: kNone, or with headers.
StoreShape shape_of(const detail::StoreSpec& spec);

/// "key-value store" and so on.
const char* name_of(detail::StoreKind kind);

/// The same, with the prefix of its values.
std::string describe(const StoreShape& shape);

/// True if the changelogs of the two kinds have the same keys and values, so that a store of one
/// kind can be restored from the changelog of the other.
bool same_changelog(detail::StoreKind a, detail::StoreKind b);

}  // namespace millrace::state
