// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "state/layered_store.hpp"

#include <cstdint>
#include <set>

namespace millrace::state {

/// When the rows of a window store expire: as Kafka Streams' two kinds of window store do it.
///
/// On disk, rows live in segments of `segment_interval`; a row is refused when its whole segment is
/// older than the retention. In memory, each millisecond is a segment, and a row is refused at
/// `stream time - retention`. Reads see rows from `stream time - retention + 1` on, on both.
struct WindowExpiry {
    std::int64_t retention_ms = 0;
    std::int64_t segment_interval_ms = 1;
    bool exact = false;  ///< As in memory.

    std::int64_t segment(std::int64_t start) const { return start / segment_interval_ms; }
    bool live(std::int64_t start, std::int64_t stream_time) const {
        return exact ? start > stream_time - retention_ms
                     : segment(start) >= segment(stream_time - retention_ms);
    }
    std::int64_t first_readable(std::int64_t stream_time) const {
        return stream_time - retention_ms + 1;
    }
    /// The first segment that may hold live rows.
    std::int64_t first_segment(std::int64_t stream_time) const {
        return segment(exact ? first_readable(stream_time) : stream_time - retention_ms);
    }
};

/// Window stores, timestamped or not, with or without duplicates, on any engine.
///
/// Stream time here is the largest window start that got below the cache.
class LayeredWindowStore final : public WindowBytesStore, public LayeredStore {
  public:
    LayeredWindowStore(const detail::StoreSpec& spec, std::size_t index,
                       StoreEnvironment& environment, std::unique_ptr<Engine> engine);

    const std::string& name() const override { return spec().name; }
    bool persistent() const override { return engine().persistent(); }

    bool put(BytesView key, Timestamp window_start, NullableBytes value) override;
    NullableBytes fetch(BytesView key, Timestamp window_start) override;
    std::unique_ptr<WindowBytesIterator> fetch(BytesView key, Timestamp from, Timestamp to,
                                               Order order) override;
    std::unique_ptr<WindowBytesIterator> fetch_range(NullableBytes first, NullableBytes last,
                                                     Timestamp from, Timestamp to,
                                                     Order order) override;
    bool set_flush_listener(detail::FlushListener* listener, bool send_old_values) override {
        return listen(listener, send_old_values);
    }

    void committed() override;
    void roll_back() override;
    void restore(std::span<const ChangelogRecord> records) override;
    void clear() override;
    void save(Bytes& out) const override;
    void load(BytesView saved) override;

  private:
    class Iterator;
    struct Clock {
        std::int64_t stream_time = -1;
        std::uint32_t sequence = 0;         // Of the last row put, when duplicates are kept.
        std::uint32_t logged_sequence = 0;  // Of the last put logged: nulls are, too.
    };

    bool accept(BytesView table_key) override;
    BytesView logged_key(BytesView table_key) const override;
    bool readable(BytesView table_key) const override;
    bool worth_storing(BytesView table_key) const override;
    void make_key(BytesView key, Timestamp start, std::uint32_t sequence);
    void drop_expired();

    WindowExpiry expiry_;
    Clock clock_;
    Clock committed_clock_;
    std::set<std::int64_t> segments_;  // That may hold rows.
    bool accepted_ = true;             // What accept() last said.
    Bytes key_;
    Bytes logged_key_;  // Of a store that keeps duplicates.
};

}  // namespace millrace::state
