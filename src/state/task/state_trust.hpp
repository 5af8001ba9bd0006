// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/format/checkpoint.hpp"
#include "state/format/store_shape.hpp"

#include <cstdint>
#include <string>

namespace millrace::state {

/// How to handle the existing rows of a store on disk.
struct StateTrust {
    enum class Verdict {
        kUse,
        kRebuild,  ///< They cannot be used: delete them and restore from the changelog.
    };

    Verdict verdict = Verdict::kUse;
    std::int64_t segment_interval = 0;  ///< The segment interval of used rows; 0: no segments.
    bool offset_holds = true;           ///< The stored offset is one of the current changelog.
    std::string why{};                  ///< For the log; empty: nothing has changed.
};

/// Compares the state on disk with the topology's store. `where` contains task and store for
/// messages. Throws StateError, with the remedy, if the rows cannot be used and no changelog can
/// replace them.
StateTrust judge(const Checkpoint& stored, const StoreShape& wanted, bool has_rows,
                 const std::string& where);

/// The size of the own data of a store of that kind.
std::size_t saved_size(detail::StoreKind kind);

}  // namespace millrace::state
