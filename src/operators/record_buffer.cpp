// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/state/record_buffer.hpp"

#include "core/byte_reader.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/core/saturating.hpp"
#include "millrace/detail/serde/times.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace millrace::detail {
namespace {

constexpr char kByTime = 0;
constexpr std::size_t kNumberBytes = 4;
constexpr std::int32_t kNull = -1;
constexpr std::int64_t kPadding = 0;

void append_sized(BytesView bytes, Bytes& out) {
    append_big_endian(static_cast<std::int32_t>(bytes.size()), out);
    out += bytes;
}

struct NotBuffered {
    [[noreturn]] void operator()() const { throw SerdeError("not a buffered record"); }
};

// One byte, the time, the record's key, a number.
void make_key(const BufferedRecord& record, std::uint32_t number, Bytes& out) {
    out.assign(1, kByTime);
    append_time(record.timestamp, out);
    out += record.key;
    append_big_endian(number, out);
}

struct KeyParts {
    Timestamp timestamp{};
    BytesView key;
    std::uint32_t number = 0;
};

KeyParts read_key(BytesView bytes) {
    if (bytes.size() < 1 + kTimeSize + kNumberBytes) {
        throw SerdeError("not the key of a buffered record");
    }
    KeyParts parts;
    parts.timestamp = time_at(bytes, 1);
    parts.number = read_big_endian<std::uint32_t>(bytes.data() + bytes.size() - kNumberBytes);
    bytes.remove_suffix(kNumberBytes);
    parts.key = bytes.substr(1 + kTimeSize);
    return parts;
}

// The origin of the record, then the prior and the old value, which only buffers of tables have.
void write_value(const BufferedRecord& record, Bytes& out) {
    out.clear();
    append_time(record.timestamp, out);
    append_big_endian(record.offset, out);
    append_sized(record.topic, out);
    append_big_endian(record.partition, out);
    append_big_endian(static_cast<std::int32_t>(record.headers.size()), out);
    for (const Header& header : record.headers) {
        append_sized(header.key, out);
        if (header.value) {
            append_sized(*header.value, out);
        } else {
            append_big_endian(kNull, out);
        }
    }
    append_big_endian(kNull, out);
    append_big_endian(kNull, out);
    append_sized(record.value, out);
    append_big_endian(kPadding, out);
}

BufferedRecord read_value(BytesView bytes) {
    ByteReader<NotBuffered> reader(bytes);
    BufferedRecord record;
    record.timestamp = timestamp_of(reader.number<std::int64_t>());
    record.offset = reader.number<std::int64_t>();
    record.topic = reader.nullable().value_or(BytesView());
    record.partition = reader.number<std::int32_t>();
    auto headers = reader.number<std::int32_t>();
    if (headers < 0) {
        reader.fail();
    }
    for (; headers > 0; --headers) {
        std::string name(reader.nullable().value_or(BytesView()));
        const NullableBytes value = reader.nullable();
        record.headers.add(std::move(name),
                           value ? NullableOwnedBytes(Bytes(*value)) : std::nullopt);
    }
    reader.nullable();
    reader.nullable();
    record.value = reader.nullable().value_or(BytesView());
    return record;
}

}  // namespace

void RecordBuffer::open(KeyValueBytesStore& store) {
    store_ = &store;
    for (const auto row = store.range(std::nullopt, std::nullopt, RowOrder::kForward); row->valid();
         row->next()) {
        const KeyParts parts = read_key(row->key());
        earliest_ = std::min(earliest_, parts.timestamp);
        latest_ = std::max(latest_, parts.timestamp);
        last_number_ = std::max(last_number_, parts.number);
    }
}

bool RecordBuffer::add(const BufferedRecord& record, std::chrono::milliseconds grace) {
    if (latest_ != kNoTimestamp && record.timestamp < saturating_subtract(latest_, grace)) {
        return false;
    }
    last_number_ = (last_number_ + 1) & 0x7fffffffU;
    make_key(record, last_number_, key_);
    write_value(record, value_);
    store_->put(key_, BytesView(value_));
    latest_ = std::max(latest_, record.timestamp);
    earliest_ = std::min(earliest_, record.timestamp);
    return true;
}

void RecordBuffer::emit_due(std::chrono::milliseconds grace,
                            const std::function<void(const BufferedRecord&)>& emit) {
    const Timestamp due = saturating_subtract(latest_, grace);
    if (latest_ == kNoTimestamp || earliest_ > due) {
        return;
    }
    earliest_ = Timestamp::max();
    for (const auto row = store_->range(std::nullopt, std::nullopt, RowOrder::kForward);
         row->valid(); row->next()) {
        const Bytes key(row->key());
        const KeyParts parts = read_key(key);
        if (parts.timestamp > due) {
            earliest_ = parts.timestamp;
            return;
        }
        const Bytes value(row->value());
        BufferedRecord record = read_value(value);
        record.key = parts.key;
        emit(record);
        store_->put(key, std::nullopt);
    }
}

}  // namespace millrace::detail
