// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/message.hpp"
#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing::embedded {

/// The position of a record in its batch: key, value and encoded headers are contiguous.
struct BatchEntry {
    std::int64_t timestamp = 0;    ///< Milliseconds since the epoch; -1: none.
    std::uint32_t position = 0;    ///< Position of the key in the batch's bytes.
    std::int32_t key_size = -1;    ///< -1: null.
    std::int32_t value_size = -1;  ///< -1: null.
    std::uint32_t headers_size = 0;
    std::uint32_t offset_delta = 0;  ///< Relative to the batch's first offset.
};

/// A record as views into its batch.
struct RecordView {
    NullableBytes key;
    NullableBytes value;
    std::int64_t timestamp = 0;
    BytesView encoded_headers;  ///< Empty: none. See encode_headers.
};

/// The size of the result of encode_headers.
std::size_t encoded_size(const Headers& headers);

/// Headers in the encoding of batches; empty for none.
void encode_headers(const Headers& headers, Bytes& out);
void decode_headers(BytesView encoded, std::vector<Header>& out);

class BatchRef;

/// Records that were appended together, in one block of memory.
///
/// Consumers return views into it: it lives until the log and the last message release it. Threads:
/// immutable after it was appended to a log; the reference count is thread-safe.
class RecordBatch final : public kafka::MessageOwner {
  public:
    RecordBatch(const RecordBatch&) = delete;
    RecordBatch& operator=(const RecordBatch&) = delete;

    static BatchRef make(std::span<const BatchEntry> entries, BytesView bytes);

    std::uint32_t count() const noexcept { return count_; }
    std::size_t byte_size() const noexcept { return byte_size_; }
    const BatchEntry& entry(std::size_t index) const noexcept { return entries_[index]; }
    std::span<const BatchEntry> entries() const noexcept { return {entries_, count_}; }
    RecordView record(std::size_t index) const noexcept { return view_of(entries_[index]); }
    RecordView view_of(const BatchEntry& entry) const noexcept;

    /// Distance from the first to the last offset.
    std::uint32_t last_delta() const noexcept { return entries_[count_ - 1].offset_delta; }
    std::int64_t max_timestamp() const noexcept;

    /// Sets the timestamp of all records. Requires that the batch was not shared yet.
    void set_timestamps(std::int64_t timestamp) noexcept;

    void add_references(std::uint32_t count) const noexcept {
        references_.fetch_add(count, std::memory_order_relaxed);
    }
    void drop_reference() const noexcept;

    void release(const void* message) const noexcept override;
    void read_headers(const void* message, std::vector<Header>& out) const override;

  private:
    RecordBatch() = default;
    ~RecordBatch() = default;

    std::uint32_t count_ = 0;
    mutable std::atomic<std::uint32_t> references_{1};
    std::size_t byte_size_ = 0;
    BatchEntry* entries_ = nullptr;
    char* bytes_ = nullptr;
};

/// A counted reference to a batch. As thread-safe as std::shared_ptr.
class BatchRef {
  public:
    BatchRef() = default;
    explicit BatchRef(RecordBatch* adopted) noexcept : batch_(adopted) {}
    BatchRef(const BatchRef& other) noexcept : batch_(other.batch_) {
        if (batch_ != nullptr) {
            batch_->add_references(1);
        }
    }
    BatchRef(BatchRef&& other) noexcept : batch_(std::exchange(other.batch_, nullptr)) {}
    BatchRef& operator=(BatchRef other) noexcept {
        std::swap(batch_, other.batch_);
        return *this;
    }
    ~BatchRef() {
        if (batch_ != nullptr) {
            batch_->drop_reference();
        }
    }

    explicit operator bool() const noexcept { return batch_ != nullptr; }
    RecordBatch& operator*() const noexcept { return *batch_; }
    RecordBatch* operator->() const noexcept { return batch_; }

  private:
    RecordBatch* batch_ = nullptr;
};

/// Collects the records of one batch; reused for the next one. Not thread-safe.
class BatchBuilder {
  public:
    void add(const NullableBytes& key, const NullableBytes& value, std::int64_t timestamp,
             const Headers* headers);

    /// Copies a record of another batch, with that distance from this batch's first offset.
    void add(const RecordView& record, std::uint32_t offset_delta);

    bool empty() const noexcept { return entries_.empty(); }
    std::size_t count() const noexcept { return entries_.size(); }
    std::size_t byte_size() const noexcept { return bytes_.size(); }

    /// Returns the batch and starts a new one. Requires !empty().
    BatchRef seal();

  private:
    BatchEntry& start_entry(const NullableBytes& key, const NullableBytes& value,
                            std::int64_t timestamp);

    std::vector<BatchEntry> entries_;
    Bytes bytes_;
};

}  // namespace millrace::testing::embedded
