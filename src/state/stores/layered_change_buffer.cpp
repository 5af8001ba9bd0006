// SPDX-License-Identifier: Apache-2.0
#include "state/stores/layered_change_buffer.hpp"

#include "core/check.hpp"
#include "millrace/core/error.hpp"
#include "state/engine/memory_engine.hpp"
#include "state/format/change_buffer_format.hpp"

#include <algorithm>
#include <memory>

namespace millrace::state {
namespace {

using detail::BufferedChange;

constexpr const char* kVersionHeader = "v";

// Sizes of texts in Java.
std::size_t java_length(const std::string& text) {
    std::size_t length = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool continues = (byte & 0xc0U) == 0x80U;
        length += continues ? 0 : byte >= 0xf0U ? 2 : 1;
    }
    return length;
}

std::size_t size_of(const NullableOwnedBytes& bytes) {
    return bytes ? bytes->size() : 0;
}

std::size_t weight_of_origins(const BufferedChange& change) {
    const std::size_t of_new =
        change.new_value ? value_origin(change.headers, change.timestamp).size() : 0;
    const std::size_t of_old = is_old_as_prior(change) ? 0 : change.origins->old.size();
    return of_new + of_old + change.origins->prior.size();
}

// The size in Kafka Streams: two times, an offset, a partition, and all parts of variable length.
std::size_t weight(const Bytes& key, const BufferedChange& change) {
    std::size_t bytes = 8 + key.size() + 8 + 8 + 4;
    bytes += size_of(change.prior_value) + size_of(change.new_value);
    bytes += is_old_as_prior(change) ? 0 : size_of(change.old_value);
    bytes += change.origins != nullptr ? weight_of_origins(change) : 0;
    bytes += change.topic != nullptr ? java_length(*change.topic) : 0;
    for (const Header& header : change.headers) {
        bytes += java_length(header.key) + size_of(header.value);
    }
    return bytes;
}

NullableOwnedBytes owned(const NullableBytes& bytes) {
    return bytes ? NullableOwnedBytes(Bytes(*bytes)) : std::nullopt;
}

bool is_version_3(const Headers* headers) {
    const Header* version = headers != nullptr ? headers->last(kVersionHeader) : nullptr;
    return version != nullptr && version->value == Bytes(1, kChangeBufferVersion);
}

}  // namespace

LayeredChangeBuffer::LayeredChangeBuffer(const detail::StoreSpec& spec, std::size_t index,
                                         StoreEnvironment& environment)
    : LayeredStore(spec, index, environment, std::make_unique<MemoryEngine>()),
      keeps_origins_(spec.headers != detail::StoredHeaders::kNone) {}

void LayeredChangeBuffer::put(Timestamp time, BytesView key, const NullableBytes& old_value,
                              const NullableBytes& new_value, const detail::RecordContext& cause) {
    key_.assign(key);
    remember(key_);
    const auto there = places_.find(key_);
    const BufferedChange* before = there == places_.end() ? nullptr : &there->second->second;
    BufferedChange change;
    change.prior_value = before == nullptr ? owned(old_value) : before->prior_value;
    change.old_value = owned(old_value);
    change.new_value = owned(new_value);
    change.timestamp = cause.timestamp;
    change.offset = cause.offset;
    change.partition = cause.partition;
    change.topic = cause.topic;
    if (cause.headers != nullptr) {
        change.headers = *cause.headers;
    }
    if (keeps_origins_) {
        change.origins = origins_after(before, change);
    }
    set(there == places_.end() ? time : there->second->first.first, key_, std::move(change));
}

/// The old value of a change is the new value of the one `before`, and was written by its record. A
/// value that was written before the key was buffered has no known origin.
std::shared_ptr<const detail::ValueOrigins> LayeredChangeBuffer::origins_after(
    const BufferedChange* before, const BufferedChange& change) const {
    auto origins = std::make_shared<detail::ValueOrigins>();
    if (change.old_value) {
        origins->old = before != nullptr && before->new_value
                           ? value_origin(before->headers, before->timestamp)
                           : value_origin({}, kNoTimestamp);
    }
    origins->prior = before != nullptr ? before->origins->prior : origins->old;
    return origins;
}

Timestamp LayeredChangeBuffer::first_time() const {
    return changes_.empty() ? Timestamp::max() : changes_.begin()->first.first;
}

void LayeredChangeBuffer::pop_first() {
    MILLRACE_CHECK(!changes_.empty());
    key_ = changes_.begin()->first.second;
    remember(key_);
    remove(key_);
}

const BufferedChange* LayeredChangeBuffer::find(BytesView key) const {
    const auto place = places_.find(Bytes(key));
    return place == places_.end() ? nullptr : &place->second->second;
}

// Must be called before a key's change is modified.
void LayeredChangeBuffer::remember(const Bytes& key) {
    unlogged_.insert(key);
    const auto [before, is_new] = undo_.try_emplace(key);
    const auto there = places_.find(key);
    if (is_new && there != places_.end()) {
        before->second = Before{there->second->first.first, there->second->second};
    }
}

void LayeredChangeBuffer::set(Timestamp time, const Bytes& key, BufferedChange change) {
    remove(key);
    bytes_ += weight(key, change);
    const auto place = changes_.insert_or_assign(Place(time, key), std::move(change)).first;
    places_.emplace(key, place);
}

void LayeredChangeBuffer::remove(const Bytes& key) {
    const auto place = places_.find(key);
    if (place != places_.end()) {
        bytes_ -= weight(key, place->second->second);
        changes_.erase(place->second);
        places_.erase(place);
    }
}

void LayeredChangeBuffer::flush() {
    for (const Bytes& key : unlogged_) {
        const auto place = places_.find(key);
        if (place == places_.end()) {
            layers_.changelog().append(key, std::nullopt, std::nullopt, nullptr);
            continue;
        }
        logged_headers_.clear();
        logged_headers_.add(kVersionHeader, Bytes(1, kChangeBufferVersion));
        append_origins(place->second->second, logged_headers_);
        logged_value_.clear();
        append_buffered_change(place->second->second, place->second->first.first, logged_value_);
        layers_.changelog().append(key, BytesView(logged_value_), std::nullopt, &logged_headers_);
    }
    unlogged_.clear();
}

void LayeredChangeBuffer::committed() {
    LayeredStore::committed();
    undo_.clear();
}

void LayeredChangeBuffer::roll_back() {
    LayeredStore::roll_back();
    for (auto& [key, before] : undo_) {
        remove(key);
        if (before) {
            set(before->time, key, std::move(before->change));
        }
    }
    undo_.clear();
    unlogged_.clear();
}

void LayeredChangeBuffer::restore(std::span<const ChangelogRecord> records) {
    for (const ChangelogRecord& record : records) {
        if (!record.key) {
            continue;
        }
        key_.assign(*record.key);
        if (!record.value) {
            remove(key_);
            continue;
        }
        if (!is_version_3(record.headers)) {
            throw StateError(
                "a buffered change was written by a version of Kafka Streams before 2.4, which is "
                "not supported: store " +
                spec().name + ", offset " + std::to_string(record.offset));
        }
        DecodedChange decoded = decode_buffered_change(*record.value);
        if (!decoded.topic.empty()) {
            decoded.change.topic = kept_topic(decoded.topic);
        }
        if (keeps_origins_) {
            decoded.change.origins = origins_of(decoded.change, *record.headers);
        }
        // The time that was logged, not the time of the key's current change: that change was sent
        // between two commits, which leaves no trace in the changelog.
        set(decoded.time, key_, std::move(decoded.change));
    }
}

const std::string* LayeredChangeBuffer::kept_topic(const std::string& topic) {
    return &*topics_.insert(topic).first;
}

void LayeredChangeBuffer::clear() {
    LayeredStore::clear();
    changes_.clear();
    places_.clear();
    bytes_ = 0;
    unlogged_.clear();
    undo_.clear();
}

}  // namespace millrace::state
