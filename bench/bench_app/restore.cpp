// SPDX-License-Identifier: Apache-2.0
#include "measure.hpp"
#include "modes.hpp"

#include "millrace/client/kafka_streams.hpp"

#include <nlohmann/json.hpp>

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

namespace bench {
namespace {

using namespace std::chrono_literals;

void wait_until_running(const millrace::KafkaStreams& streams) {
    if (!streams.wait_for(millrace::ClientState::kRunning, 1h)) {
        throw std::runtime_error("the application did not get to run");
    }
}

}  // namespace

int restore(const millrace::Topology& topology, const Options& options) {
    std::atomic<std::int64_t> restored{0};
    std::atomic<double> first{0};
    std::atomic<double> last{0};
    millrace::KafkaStreams streams(topology, streams_config(options));
    streams.set_state_restore_listener(
        {.on_restore_start =
             [&](const millrace::TopicPartition&, const std::string&, millrace::Offset,
                 millrace::Offset) {
                 double none = 0;
                 first.compare_exchange_strong(none, wall_seconds());
             },
         .on_restore_end =
             [&](const millrace::TopicPartition&, const std::string&, std::int64_t total) {
                 restored += total;
                 last = wall_seconds();
             }});
    const double start = wall_seconds();
    const double cpu = cpu_seconds();
    streams.start();
    wait_until_running(streams);
    const double to_running = wall_seconds() - start;
    const double cpu_restore = cpu_seconds() - cpu;
    const long rss = peak_rss_kb();
    streams.close(5min);

    const nlohmann::json line{{"contender", "millrace"},
                              {"workload", options.workload},
                              {"mode", "restore"},
                              {"restored", restored.load()},
                              {"restore_s", last.load() - first.load()},
                              {"to_running_s", to_running},
                              {"cpu_restore_s", cpu_restore},
                              {"total_s", seconds_since_start()},
                              {"cpu_total_s", cpu_seconds()},
                              {"peak_rss_kb", rss}};
    std::puts(line.dump().c_str());
    return 0;
}

int run(const millrace::Topology& topology, const Options& options) {
    // Blocked before any other thread is created, so that this thread receives them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    millrace::KafkaStreams streams(topology, streams_config(options));
    streams.start();
    wait_until_running(streams);
    std::puts("READY");
    std::fflush(stdout);
    int signal = 0;
    sigwait(&signals, &signal);
    return streams.close(30s) ? 0 : 1;
}

}  // namespace bench
