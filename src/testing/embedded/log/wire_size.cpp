// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/log/wire_size.hpp"

#include <cstdint>
#include <vector>

namespace millrace::testing::embedded {
namespace {

/// The size of an empty batch.
constexpr std::size_t kBatchHeader = 61;

/// The size of a record without its key, value and headers: seven numbers of up to five or ten
/// bytes.
constexpr std::size_t kRecordOverhead = 36;

/// The size of a signed varint in Kafka's encoding: seven bits per byte, zigzag.
std::size_t size_of_number(std::int64_t number) {
    auto rest =
        (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
    std::size_t size = 1;
    for (; rest > 0x7f; rest >>= 7) {
        ++size;
    }
    return size;
}

std::size_t size_of_bytes(std::int64_t size) {
    return size_of_number(size) + (size > 0 ? static_cast<std::size_t>(size) : 0);
}

std::size_t size_of_headers(BytesView encoded) {
    std::vector<Header> headers;
    decode_headers(encoded, headers);
    std::size_t size = size_of_number(static_cast<std::int64_t>(headers.size()));
    for (const Header& header : headers) {
        size += size_of_bytes(static_cast<std::int64_t>(header.key.size()));
        size += size_of_bytes(header.value ? static_cast<std::int64_t>(header.value->size()) : -1);
    }
    return size;
}

}  // namespace

std::size_t wire_size(const RecordBatch& batch) {
    const std::int64_t first = batch.entry(0).timestamp;
    std::size_t size = kBatchHeader;
    for (const BatchEntry& entry : batch.entries()) {
        const std::size_t record = 1 + size_of_number(entry.timestamp - first) +
                                   size_of_number(entry.offset_delta) +
                                   size_of_bytes(entry.key_size) + size_of_bytes(entry.value_size) +
                                   size_of_headers(batch.view_of(entry).encoded_headers);
        size += size_of_bytes(static_cast<std::int64_t>(record));
    }
    return size;
}

std::size_t wire_size_at_most(std::size_t records, std::size_t content_bytes) noexcept {
    return kBatchHeader + records * kRecordOverhead + content_bytes;
}

std::size_t wire_size_at_most(const kafka::ProducerRecord& record) {
    return kRecordOverhead + (record.key ? record.key->size() : 0) +
           (record.value ? record.value->size() : 0) +
           (record.headers != nullptr ? encoded_size(*record.headers) : 0);
}

}  // namespace millrace::testing::embedded
