// SPDX-License-Identifier: Apache-2.0

// The commit of a StreamTask.
#include "core/check.hpp"
#include "core/fail_point.hpp"
#include "runtime/task/stream_task.hpp"

#include <utility>

namespace millrace::runtime {

std::optional<Offset> StreamTask::position(std::size_t input) const {
    const RecordQueue& queue = group_.queue(input);
    if (!queue.advanced() && !committed_[input]) {
        return std::nullopt;  // No record was processed, so there is nothing to store.
    }
    if (queue.empty() && group_.source(input) != nullptr) {
        // Beyond the last processed record: after transaction markers and compacted records.
        if (const std::optional<Offset> next = group_.source(input)->position()) {
            return next;
        }
    }
    return queue.next_offset();
}

bool StreamTask::commit_needed() const {
    if (changed_) {
        return true;
    }
    for (std::size_t input = 0; input < inputs_.size(); ++input) {
        const std::optional<Offset> next = position(input);
        if (next && next != committed_[input]) {
            return true;
        }
    }
    return false;
}

void StreamTask::prepare_commit(std::vector<kafka::OffsetCommit>& offsets) {
    MILLRACE_CHECK(state_ == TaskState::kRunning);
    stores_->flush_caches();
    record_ = {};
    for (std::size_t input = 0; input < inputs_.size(); ++input) {
        const std::optional<Offset> next = position(input);
        committing_[input] = next;
        if (next && (changed_ || next != committed_[input])) {
            const RecordQueue& queue = group_.queue(input);
            // Records between the last one and this offset may have a later epoch.
            const bool passed_others = next != queue.next_offset();
            const std::int32_t epoch =
                passed_others ? group_.source(input)->leader_epoch() : queue.next_leader_epoch();
            offsets.push_back({.partition = inputs_[input],
                               .offset = *next,
                               .leader_epoch = epoch,
                               .metadata = encode(queue.partition_time(), processor_times_)});
        }
    }
}

void StreamTask::post_commit() {
    std::vector<std::optional<Offset>> reflected(backups_.size());
    for (std::size_t store = 0; store < backups_.size(); ++store) {
        const Backup& backup = backups_[store];
        if (backup.input && committing_[*backup.input]) {
            reflected[store] = *committing_[*backup.input] - 1;
        } else if (backup.acknowledged >= 0) {
            reflected[store] = backup.acknowledged;
        }
    }
    MILLRACE_FAIL_POINT("apply.begun");
    stores_->commit(reflected, stores_behind());
    for (std::size_t input = 0; input < inputs_.size(); ++input) {
        if (committing_[input]) {
            committed_[input] = std::exchange(committing_[input], std::nullopt);
        }
    }
    changed_ = false;
    commit_requested_ = false;
}

void StreamTask::keep_state_current() {
    stores_->keep_current(stores_behind());
}

/// Stores whose changelog is a source topic to which others have written more than was processed.
std::vector<std::size_t> StreamTask::stores_behind() const {
    std::vector<std::size_t> behind;
    for (std::size_t store = 0; store < backups_.size(); ++store) {
        const std::optional<std::size_t>& input = backups_[store].input;
        if (!input) {
            continue;
        }
        const kafka::PartitionQueue* source = group_.source(*input);
        if (source == nullptr || !group_.queue(*input).empty() || source->lag() != 0) {
            behind.push_back(store);
        }
    }
    return behind;
}

}  // namespace millrace::runtime
