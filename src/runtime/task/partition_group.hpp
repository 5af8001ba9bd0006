// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "millrace/core/time.hpp"
#include "runtime/task/record_queue.hpp"
#include "runtime/task/time_heap.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::runtime {

/// Chooses which of a task's input partitions supplies the next record.
///
/// Records are processed in timestamp order, so that a join sees its two sides in the order of
/// their times; the offset order within a partition never changes. This requires a head record from
/// every partition. A negative `max_idle` does not wait for empty partitions. Otherwise the group
/// waits while their lag is positive or unknown, and then for up to `max_idle` (KIP-695).
///
/// Partitions with heads of equal time: see TimeHeap; a partition is put into the heap when it
/// becomes non-empty, and again after each of its records.
///
/// Invariant: exactly the non-empty queues are in the heap.
///
/// Not thread-safe: owned by one task, used by the thread that runs the task.
class PartitionGroup {
  public:
    explicit PartitionGroup(std::chrono::milliseconds max_idle) : max_idle_(max_idle) {}

    /// Returns the index of the new input: 0, 1, …
    std::size_t add(std::unique_ptr<RecordQueue> queue);

    std::size_t inputs() const noexcept { return inputs_.size(); }
    RecordQueue& queue(std::size_t input) { return *inputs_[input].queue; }
    const RecordQueue& queue(std::size_t input) const { return *inputs_[input].queue; }

    /// The source of messages and lag of an input; null: none, lag unknown.
    void set_source(std::size_t input, kafka::PartitionQueue* source);
    const kafka::PartitionQueue* source(std::size_t input) const { return inputs_[input].source; }

    /// Reads from the source of each input with fewer than `limit` records, up to that limit.
    /// Returns how many were read.
    std::size_t fetch(std::size_t limit);

    /// True if a record may be processed: all partitions have one, or the wait for the empty ones
    /// has ended at `now`.
    bool ready(Timestamp now) {
        return (heap_.size() == inputs_.size() && !heap_.empty()) || ready_with_empty(now);
    }

    /// The queue with the next head. Requires size() > 0.
    RecordQueue& front() { return *inputs_[heap_.top().what].queue; }

    /// Removes the head of front().
    void pop();

    /// Records in all queues.
    std::size_t size() const noexcept;

    /// Frees all buffered records.
    void clear();

  private:
    struct Input {
        std::unique_ptr<RecordQueue> queue;
        kafka::PartitionQueue* source = nullptr;
        std::optional<Timestamp>
            deadline{};  // Set while the queue is empty and known to be drained.
    };

    bool ready_with_empty(Timestamp now);

    std::chrono::milliseconds max_idle_;
    std::vector<Input> inputs_;
    TimeHeap<std::size_t> heap_;
};

}  // namespace millrace::runtime
