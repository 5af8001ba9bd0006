// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/source_input.hpp"
#include "millrace/detail/nodes/task_context.hpp"
#include "millrace/processor/timestamp_extractor.hpp"

namespace millrace::detail {

/// The value of `policy` in this application: kDefault is replaced by the setting.
TimestampPolicy resolve_policy(TimestampPolicy policy, const TaskContext& context);

/// The time of `record` by `policy` (resolved); negative: drop it. Throws ProcessingError if the
/// policy does not allow records without time.
Timestamp time_of(TimestampPolicy policy, const SourceRecord& record, Timestamp partition_time,
                  Timestamp wall_clock);

}  // namespace millrace::detail
