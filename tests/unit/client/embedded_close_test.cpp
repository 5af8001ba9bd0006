// SPDX-License-Identifier: Apache-2.0

// When close() returns, and what it leaves behind.
#include "millrace/core/error.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <optional>
#include <thread>

namespace millrace {
namespace {

using namespace std::chrono_literals;

using Text = std::string;

class EmbeddedClose : public support::EmbeddedApplication {};

TEST_F(EmbeddedClose, WithZeroTimeoutReturnsAtOnceAndTheClientEndsInTheBackground) {
    create_topics(1);
    produce("a");
    const auto streams = counter();
    streams->start();
    ASSERT_TRUE(processed.wait_for(1));

    streams->close(0s);
    EXPECT_TRUE(streams->wait_for(ClientState::kNotRunning, 60s));

    EXPECT_NO_THROW(counter()) << "the directory is free";
    EXPECT_EQ(broker.committed_offsets("app").size(), 1U) << "it has committed";
}

TEST_F(EmbeddedClose, LeavesTheGroupUnlessItIsConfiguredToStay) {
    create_topics(1);
    for (const std::optional<bool> leave :
         {std::optional<bool>(), std::optional(true), std::optional(false)}) {
        const auto streams = client(support::relay_topology(on_record), config());
        streams->start();
        ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
        EXPECT_TRUE(streams->close({.timeout = 60s, .leave_group = leave}));
        EXPECT_EQ(broker.members("app").size(), leave.value_or(true) ? 0U : 1U);
    }
}

TEST_F(EmbeddedClose, OfAClientThatWasNotStartedEndsIt) {
    create_topics(1);
    const auto streams = counter();

    EXPECT_TRUE(streams->close(0s));
    EXPECT_EQ(streams->state(), ClientState::kNotRunning);
    EXPECT_THROW(streams->start(), Error);
    EXPECT_NO_THROW(counter());
}

TEST_F(EmbeddedClose, IsNotCausedByASecondStart) {
    create_topics(1);
    const auto streams = counter();
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));

    EXPECT_THROW(streams->start(), Error);
    EXPECT_EQ(streams->state(), ClientState::kRunning);
    EXPECT_TRUE(streams->close(60s));
    EXPECT_EQ(streams->state(), ClientState::kNotRunning);
}

TEST_F(EmbeddedClose, ReturnsAfterTheListenerWasCalledForTheEnd) {
    create_topics(1);
    const auto streams = counter();
    std::atomic<bool> heard{false};
    streams->set_state_listener(
        [&](ClientState now, ClientState) { heard = now == ClientState::kNotRunning; });
    streams->start();

    EXPECT_TRUE(streams->close(60s));
    EXPECT_TRUE(heard);
}

TEST_F(EmbeddedClose, DoesNotWaitForARunningListener) {
    create_topics(1);
    const auto streams = counter();
    support::Events told;
    support::Events go_on;
    streams->set_state_listener([&](ClientState now, ClientState) {
        if (now == ClientState::kRunning) {
            told.happened();
            EXPECT_TRUE(go_on.wait_for(1));
        }
    });
    streams->start();
    ASSERT_TRUE(told.wait_for(1));

    EXPECT_FALSE(streams->close(0s));
    go_on.happened();
    EXPECT_TRUE(streams->wait_for(ClientState::kNotRunning, 60s));
}

TEST_F(EmbeddedClose, LetsAStartThatStillReadsGlobalTablesReturn) {
    create_topics(1);
    StreamsBuilder builder;
    broker.create_topic("names", 1);
    builder.global_table<Text, Text>("names", {.store = "names"});
    builder.stream<Text, Text>("in").to("out");
    auto hasty = config();
    hasty.set("request.timeout.ms", "500");
    const auto streams = client(std::move(builder).build(), hasty);
    broker.set_available(false);
    support::Events starting;
    streams->set_state_listener([&](ClientState, ClientState) { starting.happened(); });
    std::thread starter([&] { streams->start(); });
    ASSERT_TRUE(starting.wait_for(1));

    EXPECT_TRUE(streams->close(60s));
    starter.join();
    EXPECT_EQ(streams->state(), ClientState::kNotRunning);
}

}  // namespace
}  // namespace millrace
