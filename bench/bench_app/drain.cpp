// SPDX-License-Identifier: Apache-2.0
#include "measure.hpp"
#include "modes.hpp"
#include "workloads.hpp"

#include "kafka/rdkafka/rd_client_supplier.hpp"
#include "millrace/client/kafka_streams.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;

std::int64_t records_in(const Options& options) {
    using namespace millrace::kafka;
    const auto clients = rdkafka_clients({{"bootstrap.servers", options.bootstrap}});
    const auto admin = clients->make_admin({});
    const auto counts = admin->describe_topics(options.inputs, 30s);
    if (!counts.ok()) {
        throw std::runtime_error("cannot describe the inputs: " + counts.status().message());
    }
    std::vector<millrace::TopicPartition> partitions;
    for (const auto& [topic, count] : counts.value()) {
        for (millrace::Partition partition = 0; partition < count; ++partition) {
            partitions.push_back({topic, partition});
        }
    }
    std::int64_t records = 0;
    for (const auto spec : {OffsetSpec::kLatest, OffsetSpec::kEarliest}) {
        const auto offsets =
            admin->list_offsets(partitions, spec, Isolation::kReadUncommitted, 30s);
        if (!offsets.ok()) {
            throw std::runtime_error("cannot list offsets: " + offsets.status().message());
        }
        for (const millrace::Offset offset : offsets.value()) {
            records += spec == OffsetSpec::kLatest ? offset : -offset;
        }
    }
    return records;
}

struct Point {
    double wall = 0;
    double cpu = 0;
    double records = 0;
};

Point now(double records) {
    return {wall_seconds(), cpu_seconds(), records};
}

// Closes and returns wall and CPU time until the last commit, without joining threads.
Point last_commit(millrace::KafkaStreams& streams, double records) {
    std::atomic<bool> closed{false};
    bool clean = false;
    Point last = now(records);
    double commits = total(streams, "commit-total");
    std::thread closer([&] {
        clean = streams.close(5min);
        closed = true;
    });
    const auto look = [&] {
        if (const double made = total(streams, "commit-total"); made != commits) {
            commits = made;
            last = now(records);
        }
    };
    while (!closed) {
        look();
        sleep_milliseconds(1);
    }
    look();
    closer.join();
    if (!clean) {
        throw std::runtime_error("the application could not be closed");
    }
    return last;
}

}  // namespace

int drain(const millrace::Topology& topology, const Options& options) {
    const auto expected = static_cast<double>(records_in(options));
    const auto config = streams_config(options);
    const double commit_ms = static_cast<double>(config.effective_commit_interval().count());
    const double quiet =
        has_hops(options.workload) ? std::max(1.5, (2 * commit_ms + 500) / 1000) : 0;

    millrace::KafkaStreams streams(topology, config);
    streams.start();
    Point first;
    Point warm;
    Point latest;
    double startup = 0;
    while (latest.records < expected || wall_seconds() - latest.wall < quiet) {
        if (const double processed = total(streams, "process-total"); processed != latest.records) {
            latest = now(processed);
            if (first.wall == 0) {
                first = latest;
                startup = seconds_since_start();
            }
            if (warm.wall == 0 && processed >= options.warm_fraction * expected) {
                warm = latest;
            }
        }
        if (streams.state() == millrace::ClientState::kError) {
            throw std::runtime_error("the application has stopped");
        }
        sleep_milliseconds(first.wall == 0 ? 2 : 10);
    }
    const double waited = wall_seconds();
    const Point end = last_commit(streams, latest.records);
    // The wait until a hop is idle does not count as work.
    const double tail = end.wall - waited;

    const nlohmann::json line{
        {"contender", "millrace"},
        {"workload", options.workload},
        {"records", static_cast<std::int64_t>(expected)},
        {"processed", static_cast<std::int64_t>(latest.records)},
        {"steady_s", latest.wall - first.wall + tail},
        {"cpu_steady_s", end.cpu - first.cpu},
        {"warm_records", static_cast<std::int64_t>(std::max(0.0, expected - warm.records))},
        {"warm_s", latest.wall - warm.wall + tail},
        {"cpu_warm_s", end.cpu - warm.cpu},
        {"startup_s", startup},
        {"total_s", seconds_since_start()},
        {"cpu_total_s", cpu_seconds()},
        {"peak_rss_kb", peak_rss_kb()}};
    std::puts(line.dump().c_str());
    return 0;
}

}  // namespace bench
