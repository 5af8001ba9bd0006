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

/// A store that is restored from a source topic must not get records that processing has skipped:
/// those that the source cannot deserialise, and those with a negative time. The filter decides
/// like the source, with its own source node and serdes, so skipped records stay skipped.
///
/// It calls the deserialization handler again, from the restore thread. The handler's dead letters
/// are not sent: processing has already sent them. Errors: ProcessingError if the handler decides
/// to fail or the timestamp extractor throws.
///
/// `topic` is a source topic of the application; `application` must outlive the filter.
restore::RestoreFilter make_source_filter(const topology::ApplicationTopology& application,
                                          std::shared_ptr<const TaskSettings> settings, TaskId task,
                                          TopicPartition topic, std::string store);

}  // namespace millrace::runtime
