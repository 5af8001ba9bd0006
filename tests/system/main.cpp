// SPDX-License-Identifier: Apache-2.0

// A service that runs until SIGTERM, whatever happens to its brokers.
#include "events.hpp"
#include "next_version.hpp"
#include "options.hpp"
#include "topologies.hpp"

#include "millrace/core/error.hpp"

#include <csignal>
#include <ctime>
#include <iostream>

namespace {

using namespace std::chrono_literals;

constexpr auto kTimeToClose = 40s;
constexpr std::timespec kBetweenReports{0, 20'000'000};

int run(int argc, char** argv) {
    // Before any thread exists, so that all threads inherit the blocked signals.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    const system_app::Options options = system_app::parse(argc, argv);
    const millrace::Topology topology = system_app::topology(options);
    system_app::Events events;
    millrace::KafkaStreams streams(
        topology, options.config,
        options.next_version ? system_app::clients_of_next_version(options.config.bootstrap_servers)
                             : nullptr);
    events.observe(streams);
    streams.set_uncaught_exception_handler([](const std::exception& error) {
        std::cerr << "a thread failed and is replaced: " << error.what() << std::endl;
        return millrace::UncaughtDecision::kReplaceThread;
    });
    streams.start();
    while (sigtimedwait(&signals, nullptr, &kBetweenReports) < 0) {
        events.report_tasks(streams);
    }
    const bool clean = streams.close(kTimeToClose);
    events.closed(clean);
    return clean ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << error.what() << std::endl;
        return 2;
    }
}
