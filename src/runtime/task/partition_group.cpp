// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/partition_group.hpp"

#include "core/check.hpp"

#include <utility>

namespace millrace::runtime {

std::size_t PartitionGroup::add(std::unique_ptr<RecordQueue> queue) {
    inputs_.push_back({.queue = std::move(queue)});
    return inputs_.size() - 1;
}

void PartitionGroup::set_source(std::size_t input, kafka::PartitionQueue* source) {
    MILLRACE_CHECK(input < inputs_.size());
    inputs_[input].source = source;
    inputs_[input].deadline.reset();
}

std::size_t PartitionGroup::fetch(std::size_t limit) {
    std::size_t fetched = 0;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        Input& input = inputs_[i];
        const std::size_t before = input.queue->size();
        // Refilling a queue that is still half full would cost more than it gains.
        if (input.source == nullptr || before > limit / 2) {
            continue;
        }
        const std::size_t count = input.source->read(input.queue->tail(), limit - before);
        if (count == 0) {
            continue;
        }
        fetched += count;
        input.queue->appended();
        if (before == 0 && !input.queue->empty()) {
            input.deadline.reset();
            heap_.push(input.queue->head_time(), i);
        }
    }
    return fetched;
}

void PartitionGroup::pop() {
    RecordQueue& queue = front();
    queue.pop();
    if (queue.empty()) {
        heap_.pop();
    } else {
        heap_.requeue_top(queue.head_time());
    }
}

void PartitionGroup::clear() {
    heap_.clear();
    for (Input& input : inputs_) {
        input.queue->clear();
        input.deadline.reset();
    }
}

std::size_t PartitionGroup::size() const noexcept {
    std::size_t size = 0;
    for (const Input& input : inputs_) {
        size += input.queue->size();
    }
    return size;
}

bool PartitionGroup::ready_with_empty(Timestamp now) {
    if (max_idle_ < std::chrono::milliseconds::zero()) {
        return !heap_.empty();
    }
    for (Input& input : inputs_) {
        if (!input.queue->empty()) {
            continue;
        }
        const std::optional<std::int64_t> lag =
            input.source == nullptr ? std::nullopt : input.source->lag();
        if (!lag || *lag > 0) {
            input.deadline.reset();
            return false;
        }
        // Setting the wall clock back must not make the wait longer.
        if (!input.deadline || *input.deadline - now > max_idle_) {
            input.deadline = now + max_idle_;
        }
        if (now < *input.deadline) {
            return false;
        }
    }
    return !heap_.empty();
}

}  // namespace millrace::runtime
