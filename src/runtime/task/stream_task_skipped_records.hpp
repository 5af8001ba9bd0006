// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/task/record_queue.hpp"
#include "runtime/task/stream_task.hpp"

namespace millrace::runtime {

/// Calls the deserialisation handler for unreadable records of one input.
class StreamTask::SkippedRecords final : public BadRecordListener {
  public:
    SkippedRecords(StreamTask& task, const detail::Node& source) : task_(&task), source_(&source) {}

    void on_unreadable(const detail::SourceRecord& record) override;
    void on_negative_time(const detail::SourceRecord& record, Timestamp extracted) override;

  private:
    StreamTask* task_;
    const detail::Node* source_;
};

}  // namespace millrace::runtime
