// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/format/checkpoint.hpp"
#include "state/format/store_shape.hpp"

#include <cstdint>
#include <string>

namespace millrace::state {

/// What to do with the rows that a store has on disk.
struct StateTrust {
    enum class Verdict {
        kUse,
        kRebuild,  ///< They are of no use: to be removed, and restored from the changelog.
    };

    Verdict verdict = Verdict::kUse;
    std::int64_t segment_interval = 0;  ///< That the rows are kept by, when used; 0: no segments.
    bool offset_holds = true;           ///< The changelog's offset is that of today's changelog.
    std::string why{};                  ///< For the log; empty: nothing has changed.
};

/// Compares what is on disk with what the topology asks for. `where` names task and store in
/// messages. Throws StateError, with the remedy, when the rows cannot be used and no changelog can
/// replace them.
StateTrust judge(const Checkpoint& stored, const StoreShape& wanted, bool has_rows,
                 const std::string& where);

/// Bytes that a store of that kind saves beside its rows.
std::size_t saved_size(detail::StoreKind kind);

}  // namespace millrace::state
