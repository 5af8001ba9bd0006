// SPDX-License-Identifier: Apache-2.0
#include "state/task/store_factory.hpp"

#include <gtest/gtest.h>

namespace millrace::state {
namespace {

using detail::StoreKind;
using detail::StoreSpec;

TEST(StoreOnDisk, IsAStoreThatNamesRocksDbOrHasItByDefault) {
    EXPECT_TRUE(is_on_disk({.name = "s", .engine = StoreEngine::kRocksDb}, StoreEngine::kInMemory));
    EXPECT_TRUE(is_on_disk({.name = "s"}, StoreEngine::kRocksDb));
    EXPECT_FALSE(is_on_disk({.name = "s"}, StoreEngine::kInMemory));
    EXPECT_FALSE(
        is_on_disk({.name = "s", .engine = StoreEngine::kInMemory}, StoreEngine::kRocksDb));
}

TEST(StoreOnDisk, IsNeverABufferOfSuppressedChanges) {
    StoreSpec buffer{.name = "s"};
    buffer.kind = StoreKind::kChangeBuffer;
    EXPECT_FALSE(is_on_disk(buffer, StoreEngine::kRocksDb));
}

TEST(StoreOnDisk, IsNeverACustomStore) {
    StoreSpec custom{.name = "s"};
    custom.custom_key_value = [](const std::string&) { return nullptr; };
    EXPECT_FALSE(is_on_disk(custom, StoreEngine::kRocksDb));
}

}  // namespace
}  // namespace millrace::state
