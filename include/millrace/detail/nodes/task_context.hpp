// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/nodes/record_collector.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/processor/punctuation.hpp"
#include "millrace/state/state_store.hpp"

#include <exception>
#include <string>
#include <string_view>

namespace millrace::detail {

class Node;

/// The nodes' interface to the task that runs them. Implemented by the runtime and the test driver.
///
/// Owned by the task's thread.
class TaskContext {
  public:
    virtual ~TaskContext() = default;

    /// The record being processed. Its timestamp and headers follow the record through the graph:
    /// Output::forward sets them for the children and restores them.
    RecordContext& record() noexcept { return record_; }

    /// Largest timestamp of any record that this task has processed; kNoTimestamp before the first.
    Timestamp stream_time() const noexcept { return stream_time_; }

    /// Wall-clock time, read once for a batch of records.
    Timestamp wall_clock() const noexcept { return wall_clock_; }

    virtual const std::string& application_id() const = 0;
    virtual TaskId task_id() const = 0;

    /// The value of a setting by name, or an empty string.
    virtual std::string setting(std::string_view name) const = 0;

    /// Full name of an internal topic: "<application.id>-<name>".
    std::string internal_topic(const std::string& name) const {
        return application_id() + "-" + name;
    }

    virtual RecordCollector& collector() = 0;

    /// The store of that name. Throws TopologyError if `node` is not connected to it.
    virtual StateStore& store(const Node& node, const std::string& name) = 0;

    /// Throws std::invalid_argument on an interval below 1 ms.
    virtual Cancellable schedule(const Node& node, const PunctuationSchedule& schedule,
                                 Punctuator punctuator) = 0;

    virtual void request_commit() = 0;

    /// Counts a dropped record in the metrics and logs it, at a limited rate.
    virtual void dropped(const Node& node, std::string_view reason) = 0;

    /// Must be called in a catch block, after processing of `node` failed: calls the processing
    /// exception handler. Returns if the handler decides to continue after `node`; otherwise
    /// throws, also for errors that handlers must not see.
    virtual void processing_failed(const Node& node) = 0;

    /// Likewise if a sink could not serialise: calls the production exception handler.
    virtual void serialization_failed(const Node& node, const std::string& topic) = 0;

    /// Per task, for operators whose clock survives a restart (emit on window close): stored in the
    /// metadata of committed offsets under the name of the store. kNoTimestamp if never set.
    virtual Timestamp processor_time(const std::string& store) const = 0;
    virtual void set_processor_time(const std::string& store, Timestamp time) = 0;

  protected:
    RecordContext record_;
    Timestamp stream_time_ = kNoTimestamp;
    Timestamp wall_clock_ = kNoTimestamp;
};

}  // namespace millrace::detail
