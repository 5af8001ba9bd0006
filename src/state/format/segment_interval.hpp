// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"

#include <cstdint>

namespace millrace::state {

/// True for kinds whose rows are in time segments.
bool is_segmented(detail::StoreKind kind);

/// The segment length of a store on disk, in milliseconds: that of the specification, or Kafka
/// Streams' default for that kind and retention. Requires is_segmented(spec.kind).
std::int64_t segment_interval_ms(const detail::StoreSpec& spec);

}  // namespace millrace::state
