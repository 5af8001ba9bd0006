// SPDX-License-Identifier: Apache-2.0
#include "state/budget/cache_budget.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/memtable/probing_buckets.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <malloc.h>

#include <cstdint>
#include <optional>
#include <string>

namespace millrace::state {
namespace {

// Empty if a sanitizer has replaced it.
std::size_t allocated_bytes() {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

class MemtableMemory : public ::testing::TestWithParam<bool> {
  protected:
    MemtableMemory() {
        TaskStores::Options options;
        options.directory = folder_.path() / "0_0";
        options.name = "0_0";
        detail::StoreSpec spec;
        spec.name = "s";
        spec.engine = StoreEngine::kInMemory;  // RocksDB allocates memory of its own.
        spec.caching = GetParam();
        spec.logging = false;
        options.specs = {spec};
        stores_.emplace(std::move(options), memory_);
        stores_->set_context(context_);
        stores_->set_cache(cache_);
        store_ = dynamic_cast<KeyValueBytesStore*>(stores_->store("s"));
    }

    void put_all(BytesView value) {
        for (std::size_t key = 0; key < kKeys; ++key) {
            store_->put(std::to_string(key), value);
        }
    }

    void commit() {
        stores_->flush_caches();
        stores_->commit({});
    }

    static constexpr std::size_t kKeys = 3'000;
    static constexpr std::size_t kCacheBytes = 10 << 20;
    ::millrace::testing::TemporaryDirectory folder_;
    MemoryBudget memory_{MemoryBudget::Limits{}};
    CacheBudget cache_{kCacheBytes};
    ::millrace::testing::FakeStoreContext context_;
    std::optional<TaskStores> stores_;
    KeyValueBytesStore* store_ = nullptr;
};

TEST_P(MemtableMemory, ShrinkingValuesFreeTheirMemory) {
    const std::size_t before = allocated_bytes();
    const Bytes large(10'000, 'l');
    for (std::size_t key = 0; key < kKeys; ++key) {
        store_->put(std::to_string(key), large);
        store_->put(std::to_string(key), "small");
    }

    EXPECT_LT(allocated_bytes(), before + (3 << 20));  // 30 MB otherwise.
    EXPECT_EQ(store_->get("17"), "small");
}

TEST_P(MemtableMemory, ShrunkenValuesFreeTheirMemoryAtTheCommit) {
    const std::size_t before = allocated_bytes();
    const Bytes large(5'000, 'l');
    put_all(large);
    commit();
    put_all("small");
    commit();

    EXPECT_LT(allocated_bytes(), before + (3 << 20));  // Up to 30 MB otherwise.
    EXPECT_EQ(store_->get("17"), "small");
}

INSTANTIATE_TEST_SUITE_P(CachedAndNot, MemtableMemory, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& caching) {
                             return caching.param ? "Cached" : "Uncached";
                         });

struct Bucket {
    bool empty() const noexcept { return number == 0; }
    std::uint32_t hash = 0;
    int number = 0;
};

TEST(ProbingBuckets, FreesMemoryThatTwoRoundsDidNotNeed) {
    ProbingBuckets<Bucket> buckets;
    constexpr std::uint32_t kMany = 50'000;
    const auto find = [&](std::uint32_t hash) {
        return buckets.find(hash, [](const Bucket&) { return true; });
    };
    for (std::uint32_t at = 0; at < kMany; ++at) {
        buckets.insert({at * 2'654'435'761U, 1});
    }
    for (std::uint32_t at = 10; at < kMany; ++at) {
        buckets.erase(find(at * 2'654'435'761U));
    }
    buckets.fit();
    EXPECT_GT(buckets.places().size(), kMany);  // The next round may have the same size.
    buckets.fit();

    EXPECT_LT(buckets.places().size(), 100U);
    EXPECT_EQ(buckets.size(), 10U);
    for (std::uint32_t at = 0; at < 10; ++at) {
        EXPECT_NE(find(at * 2'654'435'761U), nullptr);
    }
}

}  // namespace
}  // namespace millrace::state
