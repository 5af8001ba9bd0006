// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/source_input.hpp"
#include "millrace/detail/nodes/task_context.hpp"
#include "millrace/processor/timestamp_extractor.hpp"

namespace millrace::detail {

/// What `policy` is in this application: kDefault becomes what the settings say.
TimestampPolicy resolve_policy(TimestampPolicy policy, const TaskContext& context);

/// The time `policy` (resolved) gives to `record`; negative: drop it. Throws ProcessingError when
/// the policy does not allow for a record without time.
Timestamp time_of(TimestampPolicy policy, const SourceRecord& record, Timestamp partition_time,
                  Timestamp wall_clock);

}  // namespace millrace::detail
