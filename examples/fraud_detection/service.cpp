// SPDX-License-Identifier: Apache-2.0
#include "application.hpp"
#include "feed.hpp"
#include "kafka_traffic.hpp"
#include "topology.hpp"

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

namespace fraud {

namespace {

constexpr std::chrono::seconds kProgressInterval{5};

// For the clients that create topics and send traffic: the cluster's address and security settings.
KafkaSettings kafka_settings(const Options& options) {
    KafkaSettings settings{{"bootstrap.servers", options.bootstrap_servers}};
    for (const auto& [name, value] : options.config) {
        if (name.starts_with("security.") || name.starts_with("sasl.") ||
            name.starts_with("ssl.")) {
            settings[name] = value;
        }
    }
    return settings;
}

// Of all threads since the start; profiles count as well.
double processed(const millrace::KafkaStreams& streams) {
    double total = 0;
    for (const auto& metric : streams.metrics()) {
        if (metric.group == "stream-thread-metrics" && metric.name == "process-total") {
            total += metric.value;
        }
    }
    return total;
}

void say(const Options& options, const std::string& line) {
    if (!options.quiet) {
        std::puts(line.c_str());
        std::fflush(stdout);
    }
}

}  // namespace

int run_generator(const Options& options, StopSignal& stop) {
    FeedOptions feed{.traffic = options.traffic,
                     .payments = options.payments,
                     .skip = options.skip,
                     .rate = options.rate};
    if (!options.day_chosen) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        feed.traffic =
            ending_before(std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
                          feed.traffic, feed.payments);
    }
    create_topics(kafka_settings(options), options.partitions);
    KafkaSender sender(kafka_settings(options));
    const Send send = [&](const char* topic, const std::string& key, const std::string& value,
                          std::int64_t time_ms) { sender.send(topic, key, value, time_ms); };
    feed_profiles(feed, send);
    // A payment that arrives before its card's profile is not scored.
    sender.flush();
    std::uint64_t ticks = 0;
    const auto sent = feed_payments(feed, send, [&](std::uint64_t) {
        return ++ticks % 64 != 0 || !stop.wait_for(std::chrono::milliseconds(0));
    });
    sender.flush();
    say(options, "sent " + std::to_string(sent) + " payments, first day " +
                     std::to_string(feed.traffic.first_day_ms / 86'400'000));
    return 0;
}

int run_service(const Options& options, StopSignal& stop) {
    create_topics(kafka_settings(options), options.partitions);
    // The client's threads write it: it must outlive the client.
    std::atomic<std::int64_t> restored = 0;
    millrace::KafkaStreams streams(fraud_detection(scorer_of(options)), streams_config(options));
    streams.set_state_restore_listener(
        {.on_batch_restored = [&](const millrace::TopicPartition&, const std::string&,
                                  millrace::Offset,
                                  std::int64_t records) { restored += records; }});
    streams.set_state_listener([&](millrace::ClientState now, millrace::ClientState) {
        say(options, "state " + std::string(millrace::to_string(now)));
        if (now == millrace::ClientState::kRunning) {
            say(options, "restored " + std::to_string(restored.load()) + " records");
        }
    });
    streams.start();

    double said = 0;
    while (!stop.wait_for(kProgressInterval) && streams.state() != millrace::ClientState::kError) {
        if (const double now = processed(streams); now > said) {
            say(options, "processed " + std::to_string(std::llround(now)) + " records");
            said = now;
        }
    }
    const bool failed = streams.state() == millrace::ClientState::kError;
    const bool closed = streams.close(std::chrono::seconds(30));
    if (failed || !closed) {
        std::fputs(failed ? "stopped by an error\n" : "gave up waiting for the end\n", stderr);
    }
    return failed || !closed ? 1 : 0;
}

}  // namespace fraud
