// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "state/engine/engine.hpp"

#include <string>

namespace millrace::state {

/// Throws StateError, with the remedy, if rows of a segmented store on disk are not in the segments
/// that `spec` defines. `where` contains task and store. Reads the first row of each segment.
void check_segments(Engine& engine, const detail::StoreSpec& spec, const std::string& where);

}  // namespace millrace::state
