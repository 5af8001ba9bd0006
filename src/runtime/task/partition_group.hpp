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
/// Records are taken in the order of their timestamps, so that a join sees its two sides as they
/// happened; the offset order within a partition is never changed. That needs a head record from
/// every partition. For an empty one the group waits
///   - while its lag is not known, or the broker is known to have records;
///   - once it is known to be drained: for `max_idle` of wall-clock time.
/// A negative `max_idle` never waits.
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

    /// Returns the number of the new input: 0, 1, …
    std::size_t add(std::unique_ptr<RecordQueue> queue);

    std::size_t inputs() const noexcept { return inputs_.size(); }
    RecordQueue& queue(std::size_t input) { return *inputs_[input].queue; }
    const RecordQueue& queue(std::size_t input) const { return *inputs_[input].queue; }

    /// Where input number `input` gets its messages and its lag from; null: nowhere, lag unknown.
    void set_source(std::size_t input, kafka::PartitionQueue* source);
    const kafka::PartitionQueue* source(std::size_t input) const { return inputs_[input].source; }

    /// Reads from the source of each input that holds fewer than `limit` records, up to that limit.
    /// Returns how many were read.
    std::size_t fetch(std::size_t limit);

    /// True when a record may be taken: all partitions have one, or the wait for the empty ones is
    /// over at `now`.
    bool ready(Timestamp now) {
        return (heap_.size() == inputs_.size() && !heap_.empty()) || ready_with_empty(now);
    }

    /// The queue whose head is next. Requires size() > 0.
    RecordQueue& front() { return *inputs_[heap_.top().what].queue; }

    /// Removes the head of front().
    void pop();

    /// Records in all queues.
    std::size_t size() const noexcept;

    /// Gives all buffered records back.
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
