// SPDX-License-Identifier: Apache-2.0
#include "client/client_state.hpp"

#include <gmock/gmock.h>

#include <set>
#include <vector>

namespace millrace::client {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr std::array kAll{ClientState::kCreated,    ClientState::kRebalancing,
                          ClientState::kRunning,    ClientState::kPendingShutdown,
                          ClientState::kNotRunning, ClientState::kPendingError,
                          ClientState::kError};

/// As Kafka Streams documents them.
const std::set<std::pair<ClientState, ClientState>> kAllowed{
    {ClientState::kCreated, ClientState::kRebalancing},
    {ClientState::kCreated, ClientState::kPendingShutdown},
    {ClientState::kRebalancing, ClientState::kRunning},
    {ClientState::kRebalancing, ClientState::kPendingShutdown},
    {ClientState::kRebalancing, ClientState::kPendingError},
    {ClientState::kRunning, ClientState::kRebalancing},
    {ClientState::kRunning, ClientState::kPendingShutdown},
    {ClientState::kRunning, ClientState::kPendingError},
    {ClientState::kPendingShutdown, ClientState::kNotRunning},
    {ClientState::kPendingError, ClientState::kError},
};

/// A machine in `state`.
void lead_to(StateMachine& machine, ClientState state) {
    const auto go = [&machine](ClientState to) { ASSERT_TRUE(machine.transition_to(to)); };
    switch (state) {
        case ClientState::kCreated:
            return;
        case ClientState::kRebalancing:
            return go(ClientState::kRebalancing);
        case ClientState::kPendingShutdown:
            return go(ClientState::kPendingShutdown);
        case ClientState::kRunning:
        case ClientState::kPendingError:
            lead_to(machine, ClientState::kRebalancing);
            return go(state);
        case ClientState::kNotRunning:
            lead_to(machine, ClientState::kPendingShutdown);
            return go(state);
        case ClientState::kError:
            lead_to(machine, ClientState::kPendingError);
            return go(state);
    }
}

TEST(ClientStateMachine, AllowsExactlyTheTransitionsOfTheDiagram) {
    for (const ClientState from : kAll) {
        for (const ClientState to : kAll) {
            StateMachine machine;
            lead_to(machine, from);
            const bool allowed = kAllowed.contains({from, to});

            EXPECT_EQ(machine.transition_to(to), allowed)
                << to_string(from) << " " << to_string(to);
            EXPECT_EQ(machine.state(), allowed ? to : from);
        }
    }
}

TEST(ClientStateMachine, CallsTheListenerForEveryChangeInOrder) {
    StateMachine machine;
    std::vector<std::pair<ClientState, ClientState>> heard;
    machine.set_listener([&](ClientState now, ClientState before) {
        heard.emplace_back(before, now);
        if (now == ClientState::kRunning) {
            machine.transition_to(ClientState::kPendingShutdown);  // A listener may cause changes.
        }
    });

    machine.transition_to(ClientState::kRebalancing);
    machine.transition_to(ClientState::kRunning);

    EXPECT_THAT(heard,
                ElementsAre(std::pair(ClientState::kCreated, ClientState::kRebalancing),
                            std::pair(ClientState::kRebalancing, ClientState::kRunning),
                            std::pair(ClientState::kRunning, ClientState::kPendingShutdown)));
}

TEST(ClientStateMachine, StopsWaitingForAnUnreachableState) {
    StateMachine machine;
    lead_to(machine, ClientState::kNotRunning);

    EXPECT_FALSE(machine.wait_for(ClientState::kRunning, 1h));
    EXPECT_TRUE(machine.wait_for(ClientState::kNotRunning, 0ms));
}

}  // namespace
}  // namespace millrace::client
