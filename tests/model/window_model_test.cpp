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

// In the order in which a store walks them: by segment, then by key, start and sequence number.
struct RowKey {
    std::int64_t segment;
    Bytes changelog_key;
    auto operator<=>(const RowKey&) const = default;
};
using Rows = std::map<RowKey, Bytes>;

struct Seen {
    Bytes key;
    std::int64_t start;
    Bytes value;
    bool operator==(const Seen&) const = default;
};

struct Stack {
    StoreEngine engine;
    bool caching;
    bool duplicates;
    std::size_t cache_bytes = ModelledStore::kSmallCache;
};

// Random operations on a window store and on a std::map side by side. Rows that have expired may be
// seen while they are in a record cache, so there they are left out of the comparison.
class WindowModel : public ::testing::TestWithParam<std::tuple<Stack, unsigned>> {
  protected:
    WindowModel() : random_(std::get<1>(GetParam())), store_(spec(), stack().cache_bytes) {}

    const Stack& stack() const { return std::get<0>(GetParam()); }
    bool in_memory() const { return stack().engine == StoreEngine::kInMemory; }

    WindowBytesStore& store() { return store_.as<WindowBytesStore>(); }

    detail::StoreSpec spec() const {
        detail::StoreSpec spec;
        spec.name = "s";
        spec.kind = detail::StoreKind::kWindow;
        spec.engine = stack().engine;
        spec.caching = stack().caching;
        spec.retain_duplicates = stack().duplicates;
        spec.retention = std::chrono::milliseconds(kRetention);
        spec.segment_interval = std::chrono::milliseconds(kSegment);
        return spec;
    }

    std::int64_t segment(std::int64_t start) const {
        return in_memory() ? start : start / kSegment;
    }
    bool live(std::int64_t start) const {
        return in_memory() ? start > stream_time_ - kRetention
                           : segment(start) >= (stream_time_ - kRetention) / kSegment;
    }
    bool readable(std::int64_t start) const { return start >= stream_time_ - kRetention + 1; }

    Bytes random_key() {
        return std::string(1 + random_() % 2, static_cast<char>('a' + random_() % 3));
    }
    std::int64_t random_time() {
        return std::max<std::int64_t>(
            0, stream_time_ + 20 - static_cast<std::int64_t>(random_() % 200));
    }

    void put() {
        const Bytes key = random_key();
        const std::int64_t start = random_time();
        const bool removal = random_() % 6 == 0;
        const Bytes value = std::to_string(random_() % 1000);
        if (!(removal && stack().duplicates) || in_memory()) {
            stream_time_ = std::max(stream_time_, start);
        }
        if (stack().duplicates && !removal) {
            ++sequence_;
        }
        RowKey row{segment(start), {}};
        append_window_key(key, timestamp_of(start), sequence_, row.changelog_key);
        const bool kept =
            store().put(key, timestamp_of(start), removal ? NullableBytes{} : NullableBytes(value));
        if (removal) {
            if (!stack().duplicates) {
                now_.erase(row);
            }
        } else if (live(start)) {
            now_[row] = value;
        }
        if (!stack().caching && !removal) {
            EXPECT_EQ(kept, live(start));
        }
    }

    void fetch_one() {
        if (stack().duplicates) {
            return;
        }
        const Bytes key = random_key();
        const std::int64_t start = random_time();
        RowKey row{segment(start), {}};
        append_window_key(key, timestamp_of(start), 0, row.changelog_key);
        const auto expected = now_.find(row);
        if (readable(start)) {
            EXPECT_EQ(FakeStoreContext::owned(store().fetch(key, timestamp_of(start))),
                      expected == now_.end() ? NullableOwnedBytes{} : expected->second);
        } else if (!stack().caching) {
            EXPECT_EQ(store().fetch(key, timestamp_of(start)), std::nullopt);
        }
    }

    std::vector<Seen> seen(WindowBytesIterator& rows) const {
        std::vector<Seen> list;
        for (; rows.valid(); rows.next()) {
            const std::int64_t start = milliseconds_of(rows.window_start());
            if (!stack().caching || readable(start)) {
                list.push_back({Bytes(rows.key()), start, Bytes(rows.value())});
            }
        }
        return list;
    }

    std::vector<Seen> seen_in_turn(BytesView key, std::int64_t from, std::int64_t to) {
        std::vector<Seen> list;
        store().for_each(key, timestamp_of(from), timestamp_of(to),
                         [&](Timestamp start, BytesView value) {
                             if (!stack().caching || readable(milliseconds_of(start))) {
                                 list.push_back({Bytes(key), milliseconds_of(start), Bytes(value)});
                             }
                         });
        return list;
    }

    std::vector<Seen> expected(NullableBytes first, NullableBytes last, std::int64_t from,
                               std::int64_t to, Order order) const {
        std::vector<Seen> list;
        for (const auto& [row, value] : now_) {
            const BytesView key = window_key_of(row.changelog_key);
            const std::int64_t start = milliseconds_of(window_start_of(row.changelog_key));
            if ((!first || key >= *first) && (!last || key <= *last) && from <= start &&
                start <= to && readable(start)) {
                list.push_back({Bytes(key), start, value});
            }
        }
        if (order == Order::kReverse) {
            std::reverse(list.begin(), list.end());
        }
        return list;
    }

    void fetch_many() {
        const Bytes first = random_key();
        const Bytes last = random_key();
        const std::int64_t from = random_time();
        const std::int64_t to = from + static_cast<std::int64_t>(random_() % 150);
        const Order order = random_() % 2 == 0 ? Order::kForward : Order::kReverse;

        EXPECT_EQ(seen(*store().fetch(first, timestamp_of(from), timestamp_of(to), order)),
                  expected(first, first, from, to, order));
        EXPECT_EQ(seen_in_turn(first, from, to), expected(first, first, from, to, Order::kForward));
        EXPECT_EQ(
            seen(*store().fetch_range(first, last, timestamp_of(from), timestamp_of(to), order)),
            expected(first, last, from, to, order));
        check_all(store(), order);
    }

    void check_all(WindowBytesStore& store, Order order) {
        EXPECT_EQ(seen(*store.fetch_range(std::nullopt, std::nullopt, timestamp_of(0),
                                          Timestamp::max(), order)),
                  expected(std::nullopt, std::nullopt, 0, stream_time_, order));
    }

    void commit() {
        store_.flush_caches();
        store_.commit();
        std::erase_if(now_, [this](const auto& row) {
            return !readable(milliseconds_of(window_start_of(row.first.changelog_key)));
        });
        committed_ = now_;
        committed_time_ = stream_time_;
        committed_sequence_ = sequence_;
    }

    void back_to_committed() {
        now_ = committed_;
        stream_time_ = committed_time_;
        sequence_ = committed_sequence_;
    }

    void reopen() {
        if (store_.reopen()) {
            back_to_committed();
        }
    }

    void check_restored() {
        commit();
        store_.check_restored<WindowBytesStore>([this](WindowBytesStore& restored) {
            check_all(restored, Order::kForward);
            check_all(restored, Order::kReverse);
        });
    }

    void step() {
        const auto choice = random_() % 1000;
        if (choice < 650) {
            put();
        } else if (choice < 850) {
            fetch_one();
        } else if (choice < 930) {
            fetch_many();
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
    ModelledStore store_;
    Rows now_;
    Rows committed_;
    std::int64_t stream_time_ = -1;
    std::int64_t committed_time_ = -1;
    std::uint32_t sequence_ = 0;
    std::uint32_t committed_sequence_ = 0;
};

TEST_P(WindowModel, StoreDoesWhatASortedMapWithExpiryDoes) {
    for (int at = 0; at < 1500 && !HasFailure(); ++at) {
        step();
    }
    check_restored();
}

std::string name_of(const ::testing::TestParamInfo<WindowModel::ParamType>& info) {
    const auto& [stack, seed] = info.param;
    return std::string(stack.engine == StoreEngine::kRocksDb ? "RocksDb" : "InMemory") +
           (stack.caching ? "Cached" : "Uncached") + (stack.duplicates ? "Duplicates" : "") +
           (stack.cache_bytes == kLargeCache ? "Fits" : "") + "Seed" + std::to_string(seed);
}

INSTANTIATE_TEST_SUITE_P(EveryStack, WindowModel,
                         Combine(Values(Stack{StoreEngine::kRocksDb, false, false},
                                        Stack{StoreEngine::kRocksDb, true, false},
                                        Stack{StoreEngine::kRocksDb, false, true},
                                        Stack{StoreEngine::kRocksDb, false, false, kLargeCache},
                                        Stack{StoreEngine::kRocksDb, true, false, kLargeCache},
                                        Stack{StoreEngine::kRocksDb, false, true, kLargeCache},
                                        Stack{StoreEngine::kInMemory, false, false},
                                        Stack{StoreEngine::kInMemory, true, false},
                                        Stack{StoreEngine::kInMemory, false, true}),
                                 Values(1U, 2U, 3U)),
                         name_of);

}  // namespace
}  // namespace millrace::state
