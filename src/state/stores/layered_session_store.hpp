// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "state/stores/layered_store.hpp"
#include "state/stores/segmented_rows.hpp"

#include <functional>

namespace millrace::state {

/// Session stores on any engine. A row's time is the end of its session.
class LayeredSessionStore final : public SessionBytesStore, public LayeredStore {
  public:
    LayeredSessionStore(const detail::StoreSpec& spec, std::size_t index,
                        StoreEnvironment& environment, std::unique_ptr<Engine> engine);
    ~LayeredSessionStore() override;

    const std::string& name() const override { return spec().name; }
    bool persistent() const override { return engine().persistent(); }
    const detail::StoreSpec* specification() const override { return &spec(); }

    bool put(BytesView key, SessionWindow session, const NullableBytes& value) override;
    void remove(BytesView key, SessionWindow session) override;
    bool extend(BytesView key, SessionWindow from, SessionWindow to, BytesView value) override;
    NullableBytes fetch_session(BytesView key, SessionWindow session) override;
    std::unique_ptr<SessionBytesIterator> find_sessions(NullableBytes first, NullableBytes last,
                                                        Timestamp earliest_end,
                                                        Timestamp latest_start,
                                                        RowOrder order) override;
    void for_each(BytesView key, Timestamp earliest_end, Timestamp latest_start,
                  const std::function<void(SessionWindow, BytesView)>& use) override;
    std::unique_ptr<SessionBytesIterator> find_ended(Timestamp from, Timestamp to) override;
    SessionBytesStore* with_headers() override;

    void restore(std::span<const ChangelogRecord> records) override {
        restore_rows(layers_, records);
    }

  private:
    class Iterator;
    class WithHeaders;

    BytesView make_key(BytesView key, SessionWindow session, Bytes& out);
    std::int64_t last_end_of_cache(Timestamp latest_start) const;
    bool put_row(BytesView key, SessionWindow session, const NullableBytes& row,
                 const StoreLayers::Below& below = {});
    NullableBytes fetch_row(BytesView key, SessionWindow session);
    std::unique_ptr<SessionBytesIterator> touching(NullableBytes first, NullableBytes last,
                                                   Timestamp earliest_end, Timestamp latest_start,
                                                   RowOrder order, Show show);
    std::unique_ptr<SessionBytesIterator> ended(Timestamp from, Timestamp to, Show show);

    RowsInMemory rows_in_memory_{layers_};

    /// Latest end that was put or deleted since the store was opened.
    std::int64_t latest_end_ms_ = -1;
    Bytes key_;
    Bytes extended_key_;
    std::unique_ptr<SessionBytesStore> with_headers_;
};

}  // namespace millrace::state
