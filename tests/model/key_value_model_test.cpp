// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/detail/state/store_hooks.hpp"
#include "state/budget/cache_budget.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::state {
namespace {

using ::testing::Combine;
using ::testing::Values;
using Rows = std::map<Bytes, Bytes>;
using RowList = std::vector<std::pair<Bytes, Bytes>>;
using ::millrace::testing::FakeStoreContext;

void apply(Rows& rows, const Bytes& key, const NullableOwnedBytes& value) {
    if (value) {
        rows[key] = *value;
    } else {
        rows.erase(key);
    }
}

// Successive calls of the listener must match: the old value is the previous new value.
class ForwardedModel final : public detail::FlushListener {
  public:
    void on_flush(BytesView key, const NullableBytes& value, const NullableBytes& old_value,
                  const detail::RecordContext&) override {
        const auto before = rows.find(Bytes(key));
        EXPECT_EQ(FakeStoreContext::owned(old_value),
                  before == rows.end() ? NullableOwnedBytes{} : before->second)
            << "key " << key;
        apply(rows, Bytes(key), FakeStoreContext::owned(value));
    }
    Rows rows;
};

// Random operations on a store and on a std::map.
class KeyValueModel
    : public ::testing::TestWithParam<std::tuple<StoreEngine, bool, std::size_t, unsigned>> {
  protected:
    KeyValueModel() : random_(std::get<3>(GetParam())) { open(); }

    void open() {
        TaskStores::Options options;
        options.directory = directory_.path() / "0_0";
        options.name = "0_0";
        detail::StoreSpec spec;
        spec.name = "s";
        spec.engine = std::get<0>(GetParam());
        spec.caching = std::get<1>(GetParam());
        options.specs = {spec};
        stores_.reset();
        stores_.emplace(std::move(options), memory_);
        stores_->set_context(context_);
        stores_->set_cache(cache_);
        store_ = dynamic_cast<KeyValueBytesStore*>(stores_->store("s"));
        cached_ = detail::set_flush_listener(*store_, &forwarded_, true);
    }

    Bytes random_key() {
        Bytes key;
        const std::size_t size = random_() % 3;
        for (std::size_t at = 0; at <= size; ++at) {
            key.push_back(static_cast<char>("\0a\x7f\xff"[random_() % 4]));
        }
        return key + std::to_string(random_() % 4);
    }
    NullableBytes random_bound(const Bytes& bytes) {
        return random_() % 4 == 0 ? std::nullopt : NullableBytes(bytes);
    }

    void put() {
        const Bytes key = random_key();
        context_.at_hand.offset++;
        if (random_() % 4 == 0) {
            store_->put(key, std::nullopt);
            now_.erase(key);
        } else {
            const Bytes value(random_() % 40, static_cast<char>('a' + random_() % 26));
            store_->put(key, value);
            now_[key] = value;
        }
    }

    void get() {
        const Bytes key = random_key();
        const auto expected = now_.find(key);
        EXPECT_EQ(FakeStoreContext::owned(store_->get(key)),
                  expected == now_.end() ? NullableOwnedBytes{} : expected->second);
    }

    static RowList rows_of(BytesIterator& rows) {
        RowList list;
        for (; rows.valid(); rows.next()) {
            list.emplace_back(rows.key(), rows.value());
        }
        return list;
    }

    void range() {
        const Bytes first = random_key();
        const Bytes last = random_key();
        const NullableBytes from = random_bound(first);
        const NullableBytes to = random_bound(last);
        const RowOrder order = random_() % 2 == 0 ? RowOrder::kForward : RowOrder::kReverse;
        RowList expected;
        for (const auto& [key, value] : now_) {
            if ((!from || key >= *from) && (!to || key <= *to)) {
                expected.emplace_back(key, value);
            }
        }
        if (order == RowOrder::kReverse) {
            std::reverse(expected.begin(), expected.end());
        }
        EXPECT_EQ(rows_of(*store_->range(from, to, order)), expected);
    }

    void prefix() {
        const Bytes prefix = random_key().substr(0, random_() % 3);
        RowList expected;
        for (const auto& [key, value] : now_) {
            if (key.starts_with(prefix)) {
                expected.emplace_back(key, value);
            }
        }
        EXPECT_EQ(rows_of(*store_->prefix_scan(prefix)), expected);
    }

    // Iterates while rows before and after the iterator change: each returned row must have existed
    // at some time, and keys ascend.
    void walk_and_write() {
        auto rows = store_->range(std::nullopt, std::nullopt, RowOrder::kForward);
        Bytes last;
        for (bool first = true; rows->valid(); first = false) {
            const Bytes key(rows->key());
            EXPECT_TRUE(first || last < key);
            last = key;
            put();
            rows->next();
        }
    }

    void commit() {
        stores_->flush_caches();
        const std::optional<Offset> offset = static_cast<Offset>(context_.log.size());
        stores_->commit(std::span(&offset, 1));
        committed_ = now_;
        forwarded_committed_ = forwarded_.rows;
        log_committed_ = context_.log.size();
        Rows logged;
        for (const auto& record : context_.log) {
            apply(logged, record.key, record.value);
        }
        EXPECT_EQ(logged, now_) << "the changelog replayed";
        if (cached_) {
            EXPECT_EQ(forwarded_.rows, now_);
        }
        EXPECT_EQ(stores_->uncommitted_bytes(), 0U);
    }

    void roll_back() {
        stores_->roll_back();
        back_to_committed();
    }

    void back_to_committed() {
        now_ = committed_;
        forwarded_.rows = forwarded_committed_;
        context_.log.resize(log_committed_);
    }

    void reopen() {
        if (std::get<0>(GetParam()) != StoreEngine::kRocksDb || log_committed_ == 0) {
            return;
        }
        stores_->close();
        open();
        EXPECT_EQ(stores_->changelog_offset(0), static_cast<Offset>(log_committed_));
        back_to_committed();
    }

    void step() {
        const auto choice = random_() % 1000;
        if (choice < 600) {
            put();
        } else if (choice < 850) {
            get();
        } else if (choice < 900) {
            range();
        } else if (choice < 930) {
            prefix();
        } else if (choice < 935) {
            walk_and_write();
        } else if (choice < 960) {
            stores_->flush_caches();
        } else if (choice < 985) {
            commit();
        } else if (choice < 998) {
            roll_back();
        } else {
            reopen();
        }
    }

    ::millrace::testing::TemporaryDirectory directory_;
    MemoryBudget memory_{MemoryBudget::Limits{}};
    CacheBudget cache_{std::get<2>(GetParam())};
    FakeStoreContext context_;
    ForwardedModel forwarded_;
    std::mt19937 random_;
    std::optional<TaskStores> stores_;
    KeyValueBytesStore* store_ = nullptr;
    bool cached_ = false;
    Rows now_;
    Rows committed_;
    Rows forwarded_committed_;
    std::size_t log_committed_ = 0;
};

TEST_P(KeyValueModel, StoreBehavesLikeASortedMap) {
    for (int at = 0; at < 3000 && !HasFailure(); ++at) {
        step();
        if (cached_) {
            EXPECT_LE(cache_.written().bytes(), std::get<2>(GetParam()));
        }
    }
    commit();
    range();
}

std::string name_of(const ::testing::TestParamInfo<KeyValueModel::ParamType>& info) {
    const auto& [engine, caching, bytes, seed] = info.param;
    return std::string(engine == StoreEngine::kRocksDb ? "RocksDb" : "InMemory") +
           (caching ? "Cached" : "Uncached") + std::to_string(bytes) + "Seed" +
           std::to_string(seed);
}

INSTANTIATE_TEST_SUITE_P(EveryStack, KeyValueModel,
                         Combine(Values(StoreEngine::kRocksDb, StoreEngine::kInMemory),
                                 Values(false, true), Values<std::size_t>(0, 600, 1 << 20),
                                 Values(1U, 2U, 3U)),
                         name_of);

}  // namespace
}  // namespace millrace::state
