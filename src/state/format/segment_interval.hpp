// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"

#include <cstdint>

namespace millrace::state {

/// True for kinds whose rows lie in segments of time.
bool is_segmented(detail::StoreKind kind);

/// The length of a store's segments on disk, in milliseconds: the one given in the specification,
/// or Kafka Streams' for that kind and retention. Requires is_segmented(spec.kind).
std::int64_t segment_interval_ms(const detail::StoreSpec& spec);

}  // namespace millrace::state
