// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "state/stores/layered_store.hpp"
#include "state/stores/segmented_rows.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace millrace::state {

/// Window stores, timestamped or not, with or without duplicates, on any engine. The time of a row
/// is the start of its window.
class LayeredWindowStore final : public WindowBytesStore, public LayeredStore {
  public:
    LayeredWindowStore(const detail::StoreSpec& spec, std::size_t index,
                       StoreEnvironment& environment, std::unique_ptr<Engine> engine);
    ~LayeredWindowStore() override;

    const std::string& name() const override { return spec().name; }
    bool persistent() const override { return engine().persistent(); }
    const detail::StoreSpec* specification() const override { return &spec(); }

    bool put(BytesView key, Timestamp window_start, const NullableBytes& value) override;
    NullableBytes fetch(BytesView key, Timestamp window_start) override;
    std::unique_ptr<WindowBytesIterator> fetch(BytesView key, Timestamp from, Timestamp to,
                                               RowOrder order) override;
    void for_each(BytesView key, Timestamp from, Timestamp to,
                  const std::function<void(Timestamp, BytesView)>& use) override;
    std::unique_ptr<WindowBytesIterator> fetch_range(NullableBytes first, NullableBytes last,
                                                     Timestamp from, Timestamp to,
                                                     RowOrder order) override;
    WindowBytesStore* with_headers() override;

    void restore(std::span<const ChangelogRecord> records) override;
    void prefetch(BytesView key) override;
    void committed() override;
    void roll_back() override;
    void clear() override;
    void save(Bytes& out) const override;
    void load(BytesView saved) override;

  private:
    class Iterator;
    class WithHeaders;
    struct Sequences {
        std::uint32_t row = 0;     // Of the last row that was put, if duplicates are kept.
        std::uint32_t logged = 0;  // Of the last put that was logged, including nulls.
    };

    void make_key(BytesView key, Timestamp start, std::uint32_t sequence, Bytes& out);
    void note_start(Timestamp start);
    bool put_row(BytesView key, Timestamp window_start, const NullableBytes& row);
    bool add_row(BytesView key, Timestamp window_start, const NullableBytes& row);
    NullableBytes fetch_row(BytesView key, Timestamp window_start);
    std::unique_ptr<WindowBytesIterator> find(NullableBytes first, NullableBytes last,
                                              Timestamp from, Timestamp to, RowOrder order,
                                              Show show);

    RowsInMemory rows_in_memory_{layers_};
    Sequences sequences_;
    Sequences committed_sequences_;
    std::vector<Timestamp> starts_;       // Windows fetched one by one for this record,
    std::vector<Timestamp> last_starts_;  // and for the previous one, each later than the last.
    Bytes key_;                           // Reused memory, like the next two.
    Bytes changelog_key_;
    Bytes prefetched_key_;
    std::unique_ptr<WindowBytesStore> with_headers_;
};

}  // namespace millrace::state
