// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "state/memtable/memtable_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace millrace::state {

/// The contexts of the records that wrote the entries of a memtable. Time, offset and partition are
/// in the entry. This class stores topics, of which there are few, and headers, which few records
/// have.
///
/// Not thread-safe.
class EntryContexts {
  public:
    detail::RecordContext of(const MemtableEntry& entry) const;
    void set(MemtableEntry& entry, const detail::RecordContext& context);

    /// Whether `context` differs from that of `entry` only in members that stamp() sets.
    bool differs_by_stamp(const MemtableEntry& entry, const detail::RecordContext& context) const {
        return !entry.has_headers_ && topics_[entry.topic_].name == context.topic &&
               (context.headers == nullptr || context.headers->empty());
    }
    static void stamp(MemtableEntry& entry, const detail::RecordContext& context) {
        entry.timestamp_ = milliseconds_of(context.timestamp);
        entry.offset_ = context.offset;
        entry.partition_ = context.partition;
    }

    /// The size of topic and headers, counted as in Kafka Streams.
    std::size_t weight(const MemtableEntry& entry) const {
        const std::size_t of_topic = topics_[entry.topic_].weight;
        return entry.has_headers_ ? of_topic + headers_weight(entry) : of_topic;
    }

    /// `from` moved to `to`; `entry` is removed.
    void replace(const MemtableEntry* from, const MemtableEntry* to);
    void remove(MemtableEntry& entry) {
        if (entry.has_headers_) [[unlikely]] {
            headers_.erase(&entry);
            entry.has_headers_ = 0;
        }
    }
    void clear() { headers_.clear(); }

  private:
    struct Topic {
        const std::string* name = nullptr;
        std::size_t weight = 0;
    };

    std::size_t headers_weight(const MemtableEntry& entry) const;
    std::uint16_t topic_index(const std::string* topic);

    std::vector<Topic> topics_{Topic{}};  // The first: none.
    std::unordered_map<const MemtableEntry*, Headers> headers_;
};

}  // namespace millrace::state
