// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/log/record_batch.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace millrace::testing::embedded {
namespace {

template <class T>
void put(Bytes& out, T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    out.append(raw, sizeof(T));
}

template <class T>
T take(BytesView& in) {
    T value;
    MILLRACE_CHECK(in.size() >= sizeof(T));
    std::memcpy(&value, in.data(), sizeof(T));
    in.remove_prefix(sizeof(T));
    return value;
}

BytesView take_bytes(BytesView& in, std::size_t size) {
    MILLRACE_CHECK(in.size() >= size);
    const BytesView taken = in.substr(0, size);
    in.remove_prefix(size);
    return taken;
}

std::int32_t size_of(const NullableBytes& bytes) {
    return bytes ? static_cast<std::int32_t>(bytes->size()) : -1;
}

}  // namespace

std::size_t encoded_size(const Headers& headers) {
    std::size_t size = 0;
    for (const Header& header : headers) {
        size += sizeof(std::uint32_t) + header.key.size() + sizeof(std::int32_t) +
                (header.value ? header.value->size() : 0);
    }
    return size;
}

void encode_headers(const Headers& headers, Bytes& out) {
    for (const Header& header : headers) {
        put(out, static_cast<std::uint32_t>(header.key.size()));
        out.append(header.key);
        put(out, header.value ? static_cast<std::int32_t>(header.value->size()) : -1);
        if (header.value) {
            out.append(*header.value);
        }
    }
}

void decode_headers(BytesView encoded, std::vector<Header>& out) {
    while (!encoded.empty()) {
        Header header;
        header.key = take_bytes(encoded, take<std::uint32_t>(encoded));
        const auto value_size = take<std::int32_t>(encoded);
        if (value_size >= 0) {
            header.value = Bytes(take_bytes(encoded, static_cast<std::size_t>(value_size)));
        }
        out.push_back(std::move(header));
    }
}

BatchRef RecordBatch::make(std::span<const BatchEntry> entries, BytesView bytes) {
    MILLRACE_CHECK(!entries.empty());
    static_assert(sizeof(RecordBatch) % alignof(BatchEntry) == 0);
    static_assert(alignof(RecordBatch) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    const std::size_t entries_size = entries.size_bytes();
    auto* block =
        static_cast<char*>(::operator new(sizeof(RecordBatch) + entries_size + bytes.size()));
    auto* batch = new (block) RecordBatch();
    batch->count_ = static_cast<std::uint32_t>(entries.size());
    batch->byte_size_ = bytes.size();
    batch->bytes_ = block + sizeof(RecordBatch) + entries_size;
    batch->entries_ = new (block + sizeof(RecordBatch)) BatchEntry[entries.size()];
    std::copy(entries.begin(), entries.end(), batch->entries_);
    if (!bytes.empty()) {
        std::memcpy(batch->bytes_, bytes.data(), bytes.size());
    }
    return BatchRef(batch);
}

RecordView RecordBatch::view_of(const BatchEntry& entry) const noexcept {
    const char* at = bytes_ + entry.position;
    RecordView view;
    view.timestamp = entry.timestamp;
    if (entry.key_size >= 0) {
        view.key = BytesView(at, static_cast<std::size_t>(entry.key_size));
        at += entry.key_size;
    }
    if (entry.value_size >= 0) {
        view.value = BytesView(at, static_cast<std::size_t>(entry.value_size));
        at += entry.value_size;
    }
    view.encoded_headers = BytesView(at, entry.headers_size);
    return view;
}

std::int64_t RecordBatch::max_timestamp() const noexcept {
    std::int64_t latest = -1;
    for (const BatchEntry& entry : entries()) {
        latest = std::max(latest, entry.timestamp);
    }
    return latest;
}

void RecordBatch::set_timestamps(std::int64_t timestamp) noexcept {
    for (std::uint32_t index = 0; index < count_; ++index) {
        entries_[index].timestamp = timestamp;
    }
}

void RecordBatch::drop_reference() const noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        auto* self = const_cast<RecordBatch*>(this);
        self->~RecordBatch();
        ::operator delete(static_cast<void*>(self));
    }
}

void RecordBatch::release(const void* /*message*/) const noexcept {
    drop_reference();
}

void RecordBatch::read_headers(const void* message, std::vector<Header>& out) const {
    decode_headers(view_of(*static_cast<const BatchEntry*>(message)).encoded_headers, out);
}

BatchEntry& BatchBuilder::start_entry(const NullableBytes& key, const NullableBytes& value,
                                      std::int64_t timestamp) {
    BatchEntry& entry = entries_.emplace_back();
    entry.timestamp = timestamp;
    entry.position = static_cast<std::uint32_t>(bytes_.size());
    entry.key_size = size_of(key);
    entry.value_size = size_of(value);
    if (key) {
        bytes_.append(*key);
    }
    if (value) {
        bytes_.append(*value);
    }
    return entry;
}

void BatchBuilder::add(const NullableBytes& key, const NullableBytes& value, std::int64_t timestamp,
                       const Headers* headers) {
    BatchEntry& entry = start_entry(key, value, timestamp);
    entry.offset_delta = static_cast<std::uint32_t>(entries_.size() - 1);
    if (headers != nullptr) {
        const std::size_t before = bytes_.size();
        encode_headers(*headers, bytes_);
        entry.headers_size = static_cast<std::uint32_t>(bytes_.size() - before);
    }
}

void BatchBuilder::add(const RecordView& record, std::uint32_t offset_delta) {
    BatchEntry& entry = start_entry(record.key, record.value, record.timestamp);
    entry.offset_delta = offset_delta;
    bytes_.append(record.encoded_headers);
    entry.headers_size = static_cast<std::uint32_t>(record.encoded_headers.size());
}

BatchRef BatchBuilder::seal() {
    BatchRef batch = RecordBatch::make(entries_, bytes_);
    entries_.clear();
    bytes_.clear();
    return batch;
}

}  // namespace millrace::testing::embedded
