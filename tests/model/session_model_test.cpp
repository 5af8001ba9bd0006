// SPDX-License-Identifier: Apache-2.0
#include "state/window_key.hpp"
#include "support/modelled_store.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::state {
namespace {

using ::millrace::testing::FakeStoreContext;
using ::millrace::testing::ModelledStore;
using ::testing::Combine;
using ::testing::Values;

constexpr std::int64_t kRetention = 100;
constexpr std::int64_t kSegment = 40;
constexpr std::size_t kLargeCache = ModelledStore::kLargeCache;

struct Seen {
    Bytes key;
    std::int64_t end;
    std::int64_t start;
    Bytes value;
    bool operator==(const Seen&) const = default;
};

struct Stack {
    StoreEngine engine;
    bool caching;
    bool listened = false;
    std::size_t cache_bytes = ModelledStore::kSmallCache;
};

SessionWindow session_between(std::int64_t start, std::int64_t end) {
    return {timestamp_of(start), timestamp_of(end)};
}

// Random operations on a session store and on a std::map side by side. Sessions that have expired
// may be seen while they are in a record cache, so there they are left out of the comparison.
class SessionModel : public ::testing::TestWithParam<std::tuple<Stack, unsigned>> {
  protected:
    SessionModel() : random_(std::get<1>(GetParam())), store_(spec(), stack().cache_bytes) {
        listen();
    }

    const Stack& stack() const { return std::get<0>(GetParam()); }
    bool in_memory() const { return stack().engine == StoreEngine::kInMemory; }
    SessionBytesStore& store() { return store_.as<SessionBytesStore>(); }

    detail::StoreSpec spec() const {
        detail::StoreSpec spec;
        spec.name = "s";
        spec.kind = detail::StoreKind::kSession;
        spec.engine = stack().engine;
        spec.caching = stack().caching;
        spec.retention = std::chrono::milliseconds(kRetention);
        spec.segment_interval = std::chrono::milliseconds(kSegment);
        return spec;
    }

    void listen() {
        if (stack().listened) {
            store().set_flush_listener(&listener_, false);
        }
    }

    std::int64_t segment(std::int64_t end) const { return in_memory() ? end : end / kSegment; }
    bool live(std::int64_t end) const {
        return in_memory() ? end > stream_time_ - kRetention
                           : segment(end) >= (stream_time_ - kRetention) / kSegment;
    }
    bool readable(std::int64_t end) const { return end >= stream_time_ - kRetention + 1; }

    // In the order in which a store walks its sessions.
    using RowKey = std::tuple<std::int64_t, Bytes, std::int64_t, std::int64_t>;
    RowKey row_of(const Bytes& key, std::int64_t start, std::int64_t end) const {
        return {segment(end), key, end, in_memory() ? -start : start};
    }
    static std::int64_t start_of(const RowKey& row) { return std::abs(std::get<3>(row)); }
    static std::int64_t end_of(const RowKey& row) { return std::get<2>(row); }

    Bytes random_key() {
        return std::string(1 + random_() % 2, static_cast<char>('a' + random_() % 3));
    }
    std::int64_t random_time() {
        return std::max<std::int64_t>(
            0, stream_time_ + 20 - static_cast<std::int64_t>(random_() % 200));
    }

    void put() {
        const Bytes key = random_key();
        const std::int64_t end = random_time();
        const std::int64_t start =
            std::max<std::int64_t>(0, end - static_cast<std::int64_t>(random_() % 30));
        const Bytes value = std::to_string(random_() % 1000);
        stream_time_ = std::max(stream_time_, end);
        const bool kept = store().put(key, session_between(start, end), BytesView(value));
        if (live(end)) {
            now_[row_of(key, start, end)] = value;
        }
        if (!stack().caching) {
            EXPECT_EQ(kept, live(end));
        }
    }

    // One that is there, mostly, as an aggregate removes those that it has merged.
    void remove() {
        Bytes key = random_key();
        std::int64_t end = random_time();
        std::int64_t start = end;
        if (!now_.empty() && random_() % 4 != 0) {
            const auto row =
                std::next(now_.begin(), static_cast<std::ptrdiff_t>(random_() % now_.size()));
            key = std::get<1>(row->first);
            start = start_of(row->first);
            end = end_of(row->first);
        }
        // Of a listened store, what never got below its cache moves nothing.
        if (!stack().caching && !in_memory()) {
            stream_time_ = std::max(stream_time_, end);
        } else if (end > stream_time_) {
            return;
        }
        store().remove(key, session_between(start, end));
        now_.erase(row_of(key, start, end));
    }

    void fetch_one() {
        const Bytes key = random_key();
        const std::int64_t end = random_time();
        const auto expected = now_.find(row_of(key, end, end));
        if (readable(end)) {
            EXPECT_EQ(
                FakeStoreContext::owned(store().fetch_session(key, session_between(end, end))),
                expected == now_.end() ? NullableOwnedBytes{} : expected->second);
        }
    }

    void see(std::vector<Seen>& list, BytesView key, SessionWindow session, BytesView value) const {
        const std::int64_t end = milliseconds_of(session.end);
        if (!stack().caching || readable(end)) {
            list.push_back({Bytes(key), end, milliseconds_of(session.start), Bytes(value)});
        }
    }

    std::vector<Seen> seen(SessionBytesIterator& rows) const {
        std::vector<Seen> list;
        for (; rows.valid(); rows.next()) {
            see(list, rows.key(), rows.session(), rows.value());
        }
        return list;
    }

    std::vector<Seen> seen_in_turn(BytesView key, std::int64_t earliest_end,
                                   std::int64_t latest_start) {
        std::vector<Seen> list;
        store().for_each(
            key, timestamp_of(earliest_end), timestamp_of(latest_start),
            [&](SessionWindow session, BytesView value) { see(list, key, session, value); });
        return list;
    }

    std::vector<Seen> expected(NullableBytes first, NullableBytes last, std::int64_t earliest_end,
                               std::int64_t latest_start, Order order) const {
        std::vector<Seen> list;
        for (const auto& [row, value] : now_) {
            const Bytes& key = std::get<1>(row);
            if ((!first || BytesView(key) >= *first) && (!last || BytesView(key) <= *last) &&
                end_of(row) >= earliest_end && start_of(row) <= latest_start &&
                readable(end_of(row))) {
                list.push_back({key, end_of(row), start_of(row), value});
            }
        }
        if (order == Order::kReverse) {
            std::reverse(list.begin(), list.end());
        }
        return list;
    }

    void find_many() {
        const Bytes first = random_key();
        const Bytes last = random_key();
        const std::int64_t earliest_end = random_time();
        const std::int64_t latest_start = earliest_end + static_cast<std::int64_t>(random_() % 150);
        const Order order = random_() % 2 == 0 ? Order::kForward : Order::kReverse;

        EXPECT_EQ(seen(*store().find_sessions(first, first, timestamp_of(earliest_end),
                                              timestamp_of(latest_start), order)),
                  expected(first, first, earliest_end, latest_start, order));
        EXPECT_EQ(seen_in_turn(first, earliest_end, latest_start),
                  expected(first, first, earliest_end, latest_start, Order::kForward));
        EXPECT_EQ(seen(*store().find_sessions(first, last, timestamp_of(earliest_end),
                                              timestamp_of(latest_start), order)),
                  expected(first, last, earliest_end, latest_start, order));
        check_all(store(), order);
    }

    void check_all(SessionBytesStore& store, Order order) {
        EXPECT_EQ(seen(*store.find_sessions(std::nullopt, std::nullopt, timestamp_of(0),
                                            Timestamp::max(), order)),
                  expected(std::nullopt, std::nullopt, 0, stream_time_, order));
    }

    void commit() {
        store_.flush_caches();
        check_told();
        store_.commit();
        std::erase_if(now_, [this](const auto& row) { return !readable(end_of(row.first)); });
        committed_ = now_;
        committed_time_ = stream_time_;
    }

    // What the listener was told last of each session is what there is.
    void check_told() {
        if (!stack().listened) {
            return;
        }
        for (const auto& told : listener_.told) {
            const SessionWindow session = session_of(told.key);
            RowKey row = row_of(Bytes(session_key_of(told.key)), milliseconds_of(session.start),
                                milliseconds_of(session.end));
            told.value ? (void)(told_[row] = *told.value) : (void)told_.erase(row);
        }
        listener_.told.clear();
        for (const auto& [row, value] : now_) {
            if (readable(end_of(row))) {
                const auto told = told_.find(row);
                ASSERT_TRUE(told != told_.end());
                EXPECT_EQ(told->second, value);
            }
        }
        for (const auto& [row, value] : told_) {
            EXPECT_TRUE(!readable(end_of(row)) || now_.contains(row));
        }
    }

    void back_to_committed() {
        now_ = committed_;
        stream_time_ = committed_time_;
        listener_.told.clear();
        told_ = committed_;
    }

    void reopen() {
        if (store_.reopen()) {
            back_to_committed();
            listen();
        }
    }

    void check_restored() {
        commit();
        store_.check_restored<SessionBytesStore>([this](SessionBytesStore& restored) {
            check_all(restored, Order::kForward);
            check_all(restored, Order::kReverse);
        });
    }

    void step() {
        const auto choice = random_() % 1000;
        if (choice < 450) {
            put();
        } else if (choice < 650) {
            remove();
        } else if (choice < 850) {
            fetch_one();
        } else if (choice < 930) {
            find_many();
        } else if (choice < 960) {
            store_.flush_caches();
        } else if (choice < 985) {
            commit();
        } else if (choice < 998) {
            store_.roll_back();
            back_to_committed();
        } else {
            reopen();
        }
    }

    std::mt19937 random_;
    ::millrace::testing::RecordingListener listener_;
    ModelledStore store_;
    std::map<RowKey, Bytes> now_;
    std::map<RowKey, Bytes> committed_;
    std::map<RowKey, Bytes> told_;
    std::int64_t stream_time_ = -1;
    std::int64_t committed_time_ = -1;
};

TEST_P(SessionModel, StoreDoesWhatASortedMapWithExpiryDoes) {
    for (int at = 0; at < 1500 && !HasFailure(); ++at) {
        step();
    }
    check_restored();
}

std::string name_of(const ::testing::TestParamInfo<SessionModel::ParamType>& info) {
    const auto& [stack, seed] = info.param;
    return std::string(stack.engine == StoreEngine::kRocksDb ? "RocksDb" : "InMemory") +
           (stack.caching ? "Cached" : "Uncached") + (stack.listened ? "Listened" : "") +
           (stack.cache_bytes == kLargeCache ? "Fits" : "") + "Seed" + std::to_string(seed);
}

INSTANTIATE_TEST_SUITE_P(
    EveryStack, SessionModel,
    Combine(Values(Stack{StoreEngine::kRocksDb, false}, Stack{StoreEngine::kRocksDb, true},
                   Stack{StoreEngine::kRocksDb, true, true},
                   Stack{StoreEngine::kRocksDb, false, false, kLargeCache},
                   Stack{StoreEngine::kRocksDb, true, false, kLargeCache},
                   Stack{StoreEngine::kRocksDb, true, true, kLargeCache},
                   Stack{StoreEngine::kInMemory, false}, Stack{StoreEngine::kInMemory, true},
                   Stack{StoreEngine::kInMemory, true, true}),
            Values(1U, 2U, 3U)),
    name_of);

}  // namespace
}  // namespace millrace::state
