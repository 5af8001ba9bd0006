// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/modelled_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <ostream>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::testing {

/// The properties of a store with expiring rows.
struct ExpiringStack {
    StoreEngine engine = StoreEngine::kRocksDb;
    bool caching = false;
    bool duplicates = false;  ///< Duplicates are kept.
    bool listened = false;    ///< A listener receives the rows that leave the cache.
    std::size_t cache_bytes = ModelledStore::kSmallCache;
};

/// A row as a store returns it. For a window, the end is its start.
struct ExpiringRow {
    Bytes key;
    std::int64_t start = 0;
    std::int64_t end = 0;
    Bytes value;
    bool operator==(const ExpiringRow&) const = default;
    friend void PrintTo(const ExpiringRow& row, std::ostream* out) {
        *out << row.key << '@' << row.start << '-' << row.end << '=' << row.value;
    }
};

/// A window or session store and a std::map with its expected content, under random operations.
/// Expired rows may be visible while they are in a record cache; these are excluded from the
/// comparison.
template <class Face>
class ExpiringStoreModel : public ::testing::TestWithParam<std::tuple<ExpiringStack, unsigned>> {
  public:
    static std::string name_of(const ::testing::TestParamInfo<ParamType>& info) {
        const auto& [stack, seed] = info.param;
        return std::string(stack.engine == StoreEngine::kRocksDb ? "RocksDb" : "InMemory") +
               (stack.caching ? "Cached" : "Uncached") + (stack.duplicates ? "Duplicates" : "") +
               (stack.listened ? "Listened" : "") +
               (stack.cache_bytes == ModelledStore::kLargeCache ? "Fits" : "") + "Seed" +
               std::to_string(seed);
    }

  protected:
    using RowList = std::vector<ExpiringRow>;

    /// Rows in the iteration order of a store: by segment, key, end, and the remaining parts.
    using RowKey = std::tuple<std::int64_t, Bytes, std::int64_t, std::int64_t>;
    using Rows = std::map<RowKey, ExpiringRow>;

    explicit ExpiringStoreModel(detail::StoreKind kind)
        : random_(std::get<1>(GetParam())), store_(spec(kind), stack().cache_bytes) {}

    virtual void change() = 0;
    virtual void fetch_one() = 0;
    virtual RowList rows_of_key(BytesView key, std::int64_t earliest_end, std::int64_t latest_start,
                                RowOrder order) = 0;
    virtual RowList rows_in_turn(BytesView key, std::int64_t earliest_end,
                                 std::int64_t latest_start) = 0;
    virtual RowList rows_of_range(Face& store, NullableBytes first, NullableBytes last,
                                  std::int64_t earliest_end, std::int64_t latest_start,
                                  RowOrder order) const = 0;

    /// After the caches were flushed for a commit, before expired rows are dropped.
    virtual void flushed() {}
    virtual void committed() {}
    virtual void back_to_committed() {
        now_ = committed_;
        stream_time_ = committed_time_;
    }
    virtual void reopened() {}
    /// The store was rebuilt from the changelog, and is checked from now on.
    virtual void restored() {}

    /// A step of the test.
    void step() {
        store_.prefetch(random_key());  // Prefetching does not change the content.
        const auto choice = random_() % 1000;
        if (choice < 650) {
            change();
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
        } else if (store_.reopen()) {
            back_to_committed();
            reopened();
        }
    }

    void run_and_restore() {
        constexpr int kSteps = 1500;
        for (int at = 0; at < kSteps && !HasFailure(); ++at) {
            step();
        }
        commit();
        restored();
        store_.check_restored<Face>([this](Face& restored) {
            check_all(restored, RowOrder::kForward);
            check_all(restored, RowOrder::kReverse);
        });
    }

    const ExpiringStack& stack() const { return std::get<0>(GetParam()); }
    bool in_memory() const { return stack().engine == StoreEngine::kInMemory; }
    Face& store() { return store_.as<Face>(); }

    /// In memory, rows expire one by one.
    std::int64_t segment(std::int64_t end) const { return in_memory() ? end : end / kSegment; }
    /// Whether a row with this end is accepted.
    bool live(std::int64_t end) const {
        return in_memory() ? end > stream_time_ - kRetention
                           : segment(end) >= (stream_time_ - kRetention) / kSegment;
    }
    bool readable(std::int64_t end) const { return end >= stream_time_ - kRetention + 1; }

    std::mt19937& random() { return random_; }
    Bytes random_key() {
        return std::string(1 + random_() % 2, static_cast<char>('a' + random_() % 3));
    }
    std::int64_t random_time() {
        return std::max<std::int64_t>(
            0, stream_time_ + 20 - static_cast<std::int64_t>(random_() % 200));
    }

    NullableOwnedBytes value_of(const RowKey& key) const {
        const auto found = now_.find(key);
        return found == now_.end() ? NullableOwnedBytes{} : found->second.value;
    }

    /// Adds a returned row to `list` unless it is excluded.
    void see(RowList& list, ExpiringRow row) const {
        if (!stack().caching || readable(row.end)) {
            list.push_back(std::move(row));
        }
    }

    Rows now_;
    Rows committed_;
    std::int64_t stream_time_ = -1;

  private:
    static constexpr std::int64_t kRetention = 100;
    static constexpr std::int64_t kSegment = 40;

    detail::StoreSpec spec(detail::StoreKind kind) const {
        detail::StoreSpec spec;
        spec.name = "s";
        spec.kind = kind;
        spec.engine = stack().engine;
        spec.caching = stack().caching;
        spec.retain_duplicates = stack().duplicates;
        spec.retention = std::chrono::milliseconds(kRetention);
        spec.segment_interval = std::chrono::milliseconds(kSegment);
        return spec;
    }

    RowList expected(NullableBytes first, NullableBytes last, std::int64_t earliest_end,
                     std::int64_t latest_start, RowOrder order) const {
        RowList list;
        for (const auto& [key, row] : now_) {
            if ((!first || BytesView(row.key) >= *first) &&
                (!last || BytesView(row.key) <= *last) && row.end >= earliest_end &&
                row.start <= latest_start && readable(row.end)) {
                list.push_back(row);
            }
        }
        if (order == RowOrder::kReverse) {
            std::reverse(list.begin(), list.end());
        }
        return list;
    }

    void find_many() {
        const Bytes first = random_key();
        const Bytes last = random_key();
        const std::int64_t from = random_time();
        const std::int64_t to = from + static_cast<std::int64_t>(random_() % 150);
        const RowOrder order = random_() % 2 == 0 ? RowOrder::kForward : RowOrder::kReverse;

        EXPECT_EQ(rows_of_key(first, from, to, order), expected(first, first, from, to, order));
        EXPECT_EQ(rows_in_turn(first, from, to),
                  expected(first, first, from, to, RowOrder::kForward));
        EXPECT_EQ(rows_of_range(store(), first, last, from, to, order),
                  expected(first, last, from, to, order));
        check_all(store(), order);
    }

    void check_all(Face& store, RowOrder order) {
        EXPECT_EQ(rows_of_range(store, std::nullopt, std::nullopt, 0,
                                milliseconds_of(Timestamp::max()), order),
                  expected(std::nullopt, std::nullopt, 0, stream_time_, order));
    }

    void commit() {
        store_.flush_caches();
        flushed();
        store_.commit();
        std::erase_if(now_, [this](const auto& row) { return !readable(row.second.end); });
        committed_ = now_;
        committed_time_ = stream_time_;
        committed();
    }

    std::mt19937 random_;
    ModelledStore store_;
    std::int64_t committed_time_ = -1;
};

}  // namespace millrace::testing
