// SPDX-License-Identifier: Apache-2.0
#include "allocations/allocation_count.hpp"
#include "support/modelled_store.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace millrace::state {
namespace {

constexpr std::chrono::hours kHistory{1};

/// A store with `versions` versions of one key in one segment.
class HotKey {
  public:
    explicit HotKey(int versions) : store_(spec()) {
        for (int version = 0; version <= versions; ++version) {
            put(kStep * version);
        }
    }

    void put(std::int64_t time) {
        store_.as<VersionedBytesStore>().put("hot", "0123456789012345678901234567890123456789",
                                             timestamp_of(time));
    }
    void get(std::int64_t time) {
        ASSERT_TRUE(store_.as<VersionedBytesStore>().get("hot", timestamp_of(time)));
    }

    static constexpr std::int64_t kStep = 10;

  private:
    static detail::StoreSpec spec() {
        detail::StoreSpec spec;
        spec.name = "versions";
        spec.kind = detail::StoreKind::kVersionedKeyValue;
        spec.engine = StoreEngine::kInMemory;
        spec.retention = kHistory;
        spec.segment_interval = kHistory;
        return spec;
    }

    testing::ModelledStore store_;
};

template <class Work>
std::uint64_t allocations_of(const Work& work) {
    const std::uint64_t before = support::allocations();
    work();
    return support::allocations() - before;
}

TEST(VersionedStore, AllocatesNothingForTheVersionsThatALatePutLeavesAlone) {
    const auto late_puts = [](int versions) {
        HotKey key(versions);
        key.put(5);
        return allocations_of([&] {
            key.put(25);             // Between two versions.
            key.put(HotKey::kStep);  // Replaces a version.
        });
    };
    EXPECT_LE(late_puts(1000), late_puts(10) + 8);
}

TEST(VersionedStore, AllocatesNothingToReadOneOfManyVersions) {
    HotKey key(1000);
    key.get(25);
    EXPECT_EQ(allocations_of([&] { key.get(35); }), 0U);
}

}  // namespace
}  // namespace millrace::state
