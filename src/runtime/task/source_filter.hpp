// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"
#include "restore/restorer.hpp"
#include "runtime/task/task_settings.hpp"
#include "topology/sub_topologies.hpp"

#include <memory>
#include <string>

namespace millrace::runtime {

/// Restoring a store from a source topic reads records that processing has skipped: those that the
/// source cannot read, and those whose time is negative. The filter decides as the source does,
/// with a source node and serdes of its own, so that what was skipped stays skipped.
///
/// It asks the deserialization handler again, from the restoring thread. Dead letters of the answer
/// are not sent: processing has sent them.
/// Errors: ProcessingError when the handler says fail; whatever the timestamp extractor throws.
///
/// `topic` is a source topic of the application; `application` must outlive the filter.
restore::RestoreFilter make_source_filter(const topology::ApplicationTopology& application,
                                          std::shared_ptr<const TaskSettings> settings, TaskId task,
                                          TopicPartition topic, std::string store);

}  // namespace millrace::runtime
