// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/detail/state/store_hooks.hpp"
#include "state/format/window_key.hpp"
#include "support/expiring_store_model.hpp"

#include <gmock/gmock.h>

#include <map>
#include <string>

namespace millrace::state {
namespace {

using ::millrace::testing::ExpiringRow;
using ::millrace::testing::ExpiringStack;
using ::millrace::testing::ExpiringStoreModel;
using ::millrace::testing::FakeStoreContext;
using ::millrace::testing::ModelledStore;
using ::testing::Combine;
using ::testing::Values;

SessionWindow session_between(std::int64_t start, std::int64_t end) {
    return {timestamp_of(start), timestamp_of(end)};
}

class SessionModel : public ExpiringStoreModel<SessionBytesStore> {
  protected:
    SessionModel() : ExpiringStoreModel(detail::StoreKind::kSession) { reopened(); }

    void reopened() override {
        if (stack().listened) {
            detail::set_flush_listener(store(), &listener_, false);
        }
    }

    RowKey row_of(const Bytes& key, std::int64_t start, std::int64_t end) const {
        return {segment(end), key, end, in_memory() ? -start : start};
    }

    void change() override {
        const auto choice = random()() % 13;
        if (choice < 7) {
            put();
        } else if (choice < 10 && !now_.empty()) {
            extend();
        } else {
            remove();
        }
    }

    ExpiringRow random_row() {
        return std::next(now_.begin(), static_cast<std::ptrdiff_t>(random()() % now_.size()))
            ->second;
    }

    void put() {
        const Bytes key = random_key();
        const std::int64_t end = random_time();
        const std::int64_t start =
            std::max<std::int64_t>(0, end - static_cast<std::int64_t>(random()() % 30));
        put({key, start, end, std::to_string(random()() % 1000)});
    }

    void put(const ExpiringRow& row) {
        note(row);
        const bool kept =
            store().put(row.key, session_between(row.start, row.end), BytesView(row.value));
        if (!stack().caching) {
            EXPECT_EQ(kept, live(row.end));
        }
    }

    void note(const ExpiringRow& row) {
        stream_time_ = std::max(stream_time_, row.end);
        if (live(row.end)) {
            now_[row_of(row.key, row.start, row.end)] = row;
        }
    }

    // Like the session of a key with a further record.
    void extend() {
        const ExpiringRow from = random_row();
        ExpiringRow to = from;
        to.start = std::max<std::int64_t>(0, to.start - static_cast<std::int64_t>(random()() % 3));
        to.end += static_cast<std::int64_t>(random()() % 10);
        to.value = std::to_string(random()() % 100'000);
        const SessionWindow session = session_between(from.start, from.end);
        if (store().extend(from.key, session, session_between(to.start, to.end), to.value)) {
            ++extended_;
            now_.erase(row_of(from.key, from.start, from.end));
            note(to);
        } else {
            store().remove(from.key, session);
            now_.erase(row_of(from.key, from.start, from.end));
            put(to);
        }
    }

    // Usually an existing one, because an aggregate removes the sessions that it has merged.
    void remove() {
        Bytes key = random_key();
        std::int64_t end = random_time();
        std::int64_t start = end;
        if (!now_.empty() && random()() % 4 != 0) {
            const ExpiringRow row = random_row();
            key = row.key;
            start = row.start;
            end = row.end;
        }
        // In a store with a listener, rows that were never flushed from its cache do not advance
        // the store.
        if (!stack().caching && !in_memory()) {
            stream_time_ = std::max(stream_time_, end);
        } else if (end > stream_time_) {
            return;
        }
        store().remove(key, session_between(start, end));
        now_.erase(row_of(key, start, end));
    }

    void fetch_one() override {
        const Bytes key = random_key();
        const std::int64_t end = random_time();
        if (readable(end)) {
            EXPECT_EQ(
                FakeStoreContext::owned(store().fetch_session(key, session_between(end, end))),
                value_of(row_of(key, end, end)));
        }
    }

    void see_session(RowList& list, BytesView key, SessionWindow session, BytesView value) const {
        see(list, {Bytes(key), milliseconds_of(session.start), milliseconds_of(session.end),
                   Bytes(value)});
    }

    RowList seen(SessionBytesIterator& rows) const {
        RowList list;
        for (; rows.valid(); rows.next()) {
            see_session(list, rows.key(), rows.session(), rows.value());
        }
        return list;
    }

    RowList rows_of_key(BytesView key, std::int64_t earliest_end, std::int64_t latest_start,
                        RowOrder order) override {
        return rows_of_range(store(), key, key, earliest_end, latest_start, order);
    }

    RowList rows_in_turn(BytesView key, std::int64_t earliest_end,
                         std::int64_t latest_start) override {
        RowList list;
        store().for_each(key, timestamp_of(earliest_end), timestamp_of(latest_start),
                         [&](SessionWindow session, BytesView value) {
                             see_session(list, key, session, value);
                         });
        return list;
    }

    RowList rows_of_range(SessionBytesStore& store, NullableBytes first, NullableBytes last,
                          std::int64_t earliest_end, std::int64_t latest_start,
                          RowOrder order) const override {
        return seen(*store.find_sessions(first, last, timestamp_of(earliest_end),
                                         timestamp_of(latest_start), order));
    }

    // The last call of the listener for each session matches the store.
    void flushed() override {
        if (!stack().listened) {
            return;
        }
        for (const auto& change : listener_.told) {
            const SessionWindow session = session_of(change.key);
            const Bytes key(session_key_of(change.key));
            const std::int64_t start = milliseconds_of(session.start);
            const std::int64_t end = milliseconds_of(session.end);
            const RowKey row = row_of(key, start, end);
            change.value ? (void)(told_[row] = {key, start, end, *change.value})
                         : (void)told_.erase(row);
        }
        listener_.told.clear();
        for (const auto& [key, row] : now_) {
            if (readable(row.end)) {
                const auto told = told_.find(key);
                ASSERT_TRUE(told != told_.end());
                EXPECT_EQ(told->second, row);
            }
        }
        for (const auto& [key, row] : told_) {
            EXPECT_TRUE(!readable(row.end) || now_.contains(key));
        }
    }

    void back_to_committed() override {
        ExpiringStoreModel::back_to_committed();
        listener_.told.clear();
        told_ = committed_;
    }

    ::millrace::testing::RecordingListener listener_;
    Rows told_;
    int extended_ = 0;
};

TEST_P(SessionModel, StoreBehavesLikeASortedMapWithExpiry) {
    run_and_restore();
    if (!stack().listened) {
        EXPECT_EQ(extended_, 0);
    } else if (!in_memory()) {
        EXPECT_GT(extended_, 0);
    }
}

constexpr std::size_t kLarge = ModelledStore::kLargeCache;
constexpr auto kInMemory = StoreEngine::kInMemory;

INSTANTIATE_TEST_SUITE_P(
    EveryStack, SessionModel,
    Combine(Values(ExpiringStack{}, ExpiringStack{.caching = true},
                   ExpiringStack{.caching = true, .listened = true},
                   ExpiringStack{.cache_bytes = kLarge},
                   ExpiringStack{.caching = true, .cache_bytes = kLarge},
                   ExpiringStack{.caching = true, .listened = true, .cache_bytes = kLarge},
                   ExpiringStack{.engine = kInMemory},
                   ExpiringStack{.engine = kInMemory, .caching = true},
                   ExpiringStack{.engine = kInMemory, .caching = true, .listened = true}),
            Values(1U, 2U, 3U)),
    SessionModel::name_of);

}  // namespace
}  // namespace millrace::state
