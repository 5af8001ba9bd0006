// SPDX-License-Identifier: Apache-2.0
#include "support/expiring_store_model.hpp"

#include <gmock/gmock.h>

#include <string>

namespace millrace::state {
namespace {

using ::millrace::testing::ExpiringStack;
using ::millrace::testing::ExpiringStoreModel;
using ::millrace::testing::FakeStoreContext;
using ::millrace::testing::ModelledStore;
using ::testing::Combine;
using ::testing::Values;

class WindowModel : public ExpiringStoreModel<WindowBytesStore> {
  protected:
    WindowModel() : ExpiringStoreModel(detail::StoreKind::kWindow) {}

    RowKey row_of(const Bytes& key, std::int64_t start) const {
        return {segment(start), key, start, sequence_};
    }

    void change() override {
        const Bytes key = random_key();
        const std::int64_t start = random_time();
        const bool removal = random()() % 6 == 0;
        const Bytes value = std::to_string(random()() % 1000);
        if (!(removal && stack().duplicates) || in_memory()) {
            stream_time_ = std::max(stream_time_, start);
        }
        if (stack().duplicates && !removal) {
            ++sequence_;
        }
        const bool kept =
            store().put(key, timestamp_of(start), removal ? NullableBytes{} : NullableBytes(value));
        if (removal) {
            removed_time_ = std::max(removed_time_, start);
            if (!stack().duplicates) {
                now_.erase(row_of(key, start));
            }
        } else if (live(start)) {
            now_[row_of(key, start)] = {key, start, start, value};
        }
        if (!stack().caching && !removal) {
            EXPECT_EQ(kept, live(start));
        }
    }

    void fetch_one() override {
        if (stack().duplicates) {
            return;
        }
        const Bytes key = random_key();
        const std::int64_t start = random_time();
        if (readable(start)) {
            EXPECT_EQ(FakeStoreContext::owned(store().fetch(key, timestamp_of(start))),
                      value_of(row_of(key, start)));
        } else if (!stack().caching) {
            EXPECT_EQ(store().fetch(key, timestamp_of(start)), std::nullopt);
        }
    }

    void see_window(RowList& list, BytesView key, Timestamp start, BytesView value) const {
        see(list, {Bytes(key), milliseconds_of(start), milliseconds_of(start), Bytes(value)});
    }

    RowList seen(WindowBytesIterator& rows) const {
        RowList list;
        for (; rows.valid(); rows.next()) {
            see_window(list, rows.key(), rows.window_start(), rows.value());
        }
        return list;
    }

    RowList rows_of_key(BytesView key, std::int64_t from, std::int64_t to,
                        RowOrder order) override {
        return seen(*store().fetch(key, timestamp_of(from), timestamp_of(to), order));
    }

    RowList rows_in_turn(BytesView key, std::int64_t from, std::int64_t to) override {
        RowList list;
        store().for_each(
            key, timestamp_of(from), timestamp_of(to),
            [&](Timestamp start, BytesView value) { see_window(list, key, start, value); });
        return list;
    }

    RowList rows_of_range(WindowBytesStore& store, NullableBytes first, NullableBytes last,
                          std::int64_t from, std::int64_t to, RowOrder order) const override {
        return seen(*store.fetch_range(first, last, timestamp_of(from), timestamp_of(to), order));
    }

    void committed() override {
        committed_sequence_ = sequence_;
        committed_removed_time_ = removed_time_;
    }

    void back_to_committed() override {
        ExpiringStoreModel::back_to_committed();
        sequence_ = committed_sequence_;
        removed_time_ = committed_removed_time_;
    }

    /// A restore moves stream time by every change that was logged, as in Kafka Streams.
    void restored() override { stream_time_ = std::max(stream_time_, removed_time_); }

    std::uint32_t sequence_ = 0;
    std::uint32_t committed_sequence_ = 0;
    std::int64_t removed_time_ = -1;
    std::int64_t committed_removed_time_ = -1;
};

TEST_P(WindowModel, StoreBehavesLikeASortedMapWithExpiry) {
    run_and_restore();
}

constexpr std::size_t kLarge = ModelledStore::kLargeCache;
constexpr auto kInMemory = StoreEngine::kInMemory;

INSTANTIATE_TEST_SUITE_P(EveryStack, WindowModel,
                         Combine(Values(ExpiringStack{}, ExpiringStack{.caching = true},
                                        ExpiringStack{.duplicates = true},
                                        ExpiringStack{.cache_bytes = kLarge},
                                        ExpiringStack{.caching = true, .cache_bytes = kLarge},
                                        ExpiringStack{.duplicates = true, .cache_bytes = kLarge},
                                        ExpiringStack{.engine = kInMemory},
                                        ExpiringStack{.engine = kInMemory, .caching = true},
                                        ExpiringStack{.engine = kInMemory, .duplicates = true}),
                                 Values(1U, 2U, 3U)),
                         WindowModel::name_of);

}  // namespace
}  // namespace millrace::state
