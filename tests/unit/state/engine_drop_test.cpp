// SPDX-License-Identifier: Apache-2.0
#include "state/engine/lru_engine.hpp"

#include <gtest/gtest.h>

namespace millrace::state {
namespace {

TEST(Engine, DropsRowByRowBelowAKeyIfItHasNoCheaperWay) {
    constexpr std::size_t kRoomForAll = 10;
    LruEngine engine(kRoomForAll);
    for (const char* key : {"a", "b", "c", "d"}) {
        engine.put(key, "v");
    }

    engine.drop_below("c");

    EXPECT_EQ(engine.get("a"), std::nullopt);
    EXPECT_EQ(engine.get("b"), std::nullopt);
    EXPECT_EQ(engine.get("c"), NullableBytes("v"));
    EXPECT_EQ(engine.get("d"), NullableBytes("v"));
}

}  // namespace
}  // namespace millrace::state
