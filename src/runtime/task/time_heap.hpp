// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/check.hpp"
#include "millrace/core/time.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace millrace::runtime {

/// A binary min-heap of objects that are due at a time.
///
/// Entries with equal time are returned in an order that depends on the sift steps, and that order
/// is visible in an application's output. Therefore the steps are part of the contract: push
/// appends and sifts up while strictly smaller; pop moves the last entry to the root and sifts it
/// down towards the smaller child, the left one if equal. These are the steps of
/// java.util.PriorityQueue.
///
/// Not thread-safe.
template <class T>
class TimeHeap {
  public:
    struct Entry {
        Timestamp time;
        T what;
    };

    bool empty() const noexcept { return entries_.empty(); }
    std::size_t size() const noexcept { return entries_.size(); }
    void clear() noexcept { entries_.clear(); }

    /// Requires that the heap is not empty.
    const Entry& top() const { return entries_.front(); }

    void push(Timestamp time, T what) {
        std::size_t at = entries_.size();
        entries_.push_back({time, std::move(what)});
        sift_up(at);
    }

    /// Requires that the heap is not empty.
    T pop() {
        MILLRACE_CHECK(!entries_.empty());
        T result = std::move(entries_.front().what);
        Entry last = std::move(entries_.back());
        entries_.pop_back();
        if (!entries_.empty()) {
            sift_down(std::move(last));
        }
        return result;
    }

    /// Like pop followed by push of the same object at another time. Requires that the heap is not
    /// empty.
    void requeue_top(Timestamp time) {
        if (entries_.size() == 1) {
            entries_.front().time = time;
        } else if (entries_.size() == 2) {
            entries_[0].time = time;
            if (!(time < entries_[1].time)) {
                std::swap(entries_[0], entries_[1]);
            }
        } else {
            T what = pop();
            push(time, std::move(what));
        }
    }

  private:
    void sift_up(std::size_t at) {
        Entry entry = std::move(entries_[at]);
        while (at > 0) {
            const std::size_t parent = (at - 1) / 2;
            if (!(entry.time < entries_[parent].time)) {
                break;
            }
            entries_[at] = std::move(entries_[parent]);
            at = parent;
        }
        entries_[at] = std::move(entry);
    }

    void sift_down(Entry entry) {
        const std::size_t size = entries_.size();
        std::size_t at = 0;
        while (at < size / 2) {
            std::size_t child = 2 * at + 1;
            if (child + 1 < size && entries_[child + 1].time < entries_[child].time) {
                ++child;
            }
            if (!(entries_[child].time < entry.time)) {
                break;
            }
            entries_[at] = std::move(entries_[child]);
            at = child;
        }
        entries_[at] = std::move(entry);
    }

    std::vector<Entry> entries_;
};

}  // namespace millrace::runtime
