// SPDX-License-Identifier: Apache-2.0

// In separate processes, because signals and exit codes belong to a process.
#include "millrace/client/run_until_signal.hpp"

#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

class RunUntilSignalDeathTest : public support::EmbeddedApplication {
  protected:
    RunUntilSignalDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

    static Topology relay() {
        return support::relay_topology([](const auto&) {});
    }

    /// Runs until the client ends or gets the signals that `on_state` raises.
    [[noreturn]] void run(const Topology& topology, const StateListener& on_state = {}) const {
        const auto streams = client(topology, config());
        streams->set_state_listener(on_state);
        std::_Exit(run_until_signal(*streams, 60s));
    }
};

TEST_F(RunUntilSignalDeathTest, FailsWhenTheClientEndsByItselfBecauseOfMissingTopics) {
    EXPECT_EXIT(run(relay()), ExitedWithCode(1), "in");
}

TEST_F(RunUntilSignalDeathTest, FailsWhenTheClientCannotBeStarted) {
    create_topics(1);
    StreamsBuilder builder;
    builder.global_table<std::string, std::string>("missing", {.store = "names"});
    builder.stream<std::string, std::string>("in").to("out");
    const Topology topology = std::move(builder).build();
    EXPECT_EXIT(run(topology), ExitedWithCode(1), "could not be started.*missing");
}

TEST_F(RunUntilSignalDeathTest, SucceedsAfterASignalToAnyThread) {
    create_topics(1);
    for (const int signal : {SIGINT, SIGTERM}) {
        const auto raise_it = [signal](ClientState now, ClientState) {
            if (now == ClientState::kRunning) {
                std::raise(signal);  // On the stream thread.
            }
        };
        EXPECT_EXIT(run(relay(), raise_it), ExitedWithCode(0), "closing the client");
    }
}

TEST_F(RunUntilSignalDeathTest, LeavesASecondSignalToTheSystem) {
    create_topics(1);
    const auto raise_twice = [](ClientState now, ClientState) {
        if (now == ClientState::kRunning || now == ClientState::kPendingShutdown) {
            std::raise(SIGTERM);
        }
    };
    EXPECT_EXIT(run(relay(), raise_twice), KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace millrace
