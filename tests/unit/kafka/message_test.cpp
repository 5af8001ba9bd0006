// SPDX-License-Identifier: Apache-2.0
#include "support/messages.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace millrace::kafka {
namespace {

TEST(Message, DistinguishesNullFromEmpty) {
    const support::MessageStock stock;

    const Message empty = stock.make({.key = "", .value = ""});
    EXPECT_EQ(empty.key(), BytesView());
    EXPECT_EQ(empty.value(), BytesView());

    const Message null = stock.make({});
    EXPECT_EQ(null.key(), std::nullopt);
    EXPECT_EQ(null.value(), std::nullopt);
    EXPECT_EQ(Message().key(), std::nullopt);
}

TEST(Message, HasAPositionAfterItWasFreed) {
    const support::MessageStock stock;
    Message message = stock.make({.key = "k", .offset = 7, .leader_epoch = 3});

    message.release();

    EXPECT_EQ(stock.alive(), 0);
    EXPECT_EQ(message.offset(), 7);
    EXPECT_EQ(message.leader_epoch(), 3);
}

TEST(Message, IsOwnedByTheTargetOfAMove) {
    const support::MessageStock stock;
    Message first = stock.make({.key = "k", .value = "v", .timestamp = timestamp_of(5)});
    {
        const Message second = std::move(first);
        EXPECT_EQ(stock.alive(), 1);
        EXPECT_EQ(second.key(), "k");
        EXPECT_EQ(second.value(), "v");
        EXPECT_EQ(second.timestamp(), timestamp_of(5));
    }
    EXPECT_EQ(stock.alive(), 0);
}

// One cache line each, in arrays of any length.
static_assert(sizeof(Message) == 64);

}  // namespace
}  // namespace millrace::kafka
