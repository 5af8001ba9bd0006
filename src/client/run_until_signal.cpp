// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/run_until_signal.hpp"

#include "client/client_state.hpp"
#include "core/log.hpp"
#include "millrace/client/kafka_streams.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <exception>
#include <string>

namespace millrace {

namespace {

/// Poll interval for signals.
constexpr std::chrono::milliseconds kLook{50};

/// Lock-free, therefore safe to write in a signal handler.
std::atomic<int> signal_received = 0;
static_assert(std::atomic<int>::is_always_lock_free);

/// Catches signals during its lifetime.
class Signals {
  public:
    Signals() {
        signal_received = 0;
        struct sigaction action {};
        action.sa_handler = [](int signal) { signal_received = signal; };
        sigemptyset(&action.sa_mask);
        action.sa_flags = SA_RESTART;
        for (std::size_t i = 0; i < kSignals.size(); ++i) {
            sigaction(kSignals.at(i), &action, &before_.at(i));
        }
    }
    ~Signals() {
        for (std::size_t i = 0; i < kSignals.size(); ++i) {
            sigaction(kSignals.at(i), &before_.at(i), nullptr);
        }
    }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    static int received() { return signal_received; }

  private:
    static constexpr std::array<int, 2> kSignals{SIGINT, SIGTERM};
    std::array<struct sigaction, kSignals.size()> before_{};
};

/// Returns when the client should be closed. Returns false if it could not be started.
bool started_and_waited(KafkaStreams& streams) {
    const Signals signals;
    try {
        streams.start();
    } catch (const std::exception& error) {
        log::error(std::string("the client could not be started: ") + error.what());
        return false;
    }
    while (Signals::received() == 0 && !client::final_state(streams.state())) {
        streams.wait_for(ClientState::kError, kLook);
    }
    if (Signals::received() != 0) {
        log::info("signal " + std::to_string(Signals::received()) + ": closing the client");
    }
    return true;
}

}  // namespace

int run_until_signal(KafkaStreams& streams, std::chrono::milliseconds close_timeout) {
    const bool started = started_and_waited(streams);
    const bool closed = streams.close(close_timeout);
    if (!closed) {
        log::error("the client was not closed within " + std::to_string(close_timeout.count()) +
                   " ms");
    }
    return started && closed && streams.state() == ClientState::kNotRunning ? 0 : 1;
}

}  // namespace millrace
