// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/entry_contexts.hpp"

#include "core/check.hpp"

#include <utility>

namespace millrace::state {

std::uint16_t EntryContexts::topic_index(const std::string* topic) {
    for (std::size_t at = topics_.size(); at-- > 0;) {
        if (topics_[at].name == topic) {
            return static_cast<std::uint16_t>(at);
        }
    }
    MILLRACE_CHECK(topics_.size() < 0xffff);
    topics_.push_back({topic, topic->size()});
    return static_cast<std::uint16_t>(topics_.size() - 1);
}

void EntryContexts::set(MemtableEntry& entry, const detail::RecordContext& context) {
    stamp(entry, context);
    if (topics_[entry.topic_].name != context.topic) {
        entry.topic_ = topic_index(context.topic);
    }
    if (context.headers != nullptr && !context.headers->empty()) {
        headers_.insert_or_assign(&entry, *context.headers);
        entry.has_headers_ = 1;
    } else {
        remove(entry);
    }
}

detail::RecordContext EntryContexts::of(const MemtableEntry& entry) const {
    detail::RecordContext context;
    context.timestamp = timestamp_of(entry.timestamp_);
    context.offset = entry.offset_;
    context.partition = entry.partition_;
    context.topic = topics_[entry.topic_].name;
    context.headers = entry.has_headers_ ? &headers_.at(&entry) : nullptr;
    return context;
}

std::size_t EntryContexts::headers_weight(const MemtableEntry& entry) const {
    std::size_t weight = 0;
    for (const Header& header : headers_.at(&entry)) {
        weight += header.key.size() + (header.value ? header.value->size() : 0);
    }
    return weight;
}

void EntryContexts::replace(const MemtableEntry* from, const MemtableEntry* to) {
    if (from->has_headers_) {
        auto node = headers_.extract(from);
        node.key() = to;
        headers_.insert(std::move(node));
    }
}

}  // namespace millrace::state
