// SPDX-License-Identifier: Apache-2.0
#include "newspaper.hpp"
#include "topology.hpp"

#include "millrace/client/kafka_streams.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <CLI/CLI.hpp>

#include <pthread.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using millrace::testing::EmbeddedBroker;

struct Options {
    std::string bootstrap_servers;
    std::string state_dir;
    std::vector<std::string> config;
    int views = 2'000;
    unsigned seed = 1;
};

millrace::StreamsConfig streams_config(const Options& options) {
    millrace::StreamsConfig config;
    config.application_id = "page-views";
    config.bootstrap_servers = options.bootstrap_servers;
    if (!options.state_dir.empty()) {
        config.state_dir = options.state_dir;
    }
    for (const auto& setting : options.config) {
        const auto equals = setting.find('=');
        if (equals == std::string::npos) {
            throw std::runtime_error("--config wants name=value, not " + setting);
        }
        config.set(setting.substr(0, equals), setting.substr(equals + 1));
    }
    return config;
}

// Runs until SIGINT or SIGTERM. The topics that topology.hpp names must exist.
int run_on_kafka(const Options& options) {
    // Blocked before any thread is made, so that it is this one which gets them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    millrace::KafkaStreams streams(page_views(), streams_config(options));
    streams.start();
    int signal = 0;
    sigwait(&signals, &signal);
    return streams.close(30s) ? 0 : 1;
}

bool is_read(const std::string& topic) {
    return topic != "visits" && topic != "views-by-author" && !topic.ends_with("-changelog");
}

bool everything_read(const EmbeddedBroker& broker) {
    const auto committed = broker.committed_offsets("page-views");
    for (const auto& [topic, partitions] : broker.topics()) {
        for (int partition = 0; is_read(topic) && partition < partitions; ++partition) {
            const auto end = broker.end_offset({topic, partition});
            const auto offset = committed.find({topic, partition});
            if (end > 0 && (offset == committed.end() || offset->second < end)) {
                return false;
            }
        }
    }
    return true;
}

// As often as records may travel through internal topics: one look may miss those on their way.
void wait_until_read(const EmbeddedBroker& broker, const millrace::KafkaStreams& streams) {
    for (int looks = 0; looks < 5; looks = everything_read(broker) ? looks + 1 : 0) {
        if (streams.state() == millrace::ClientState::kError) {
            throw std::runtime_error("the application has stopped; see above");
        }
        std::this_thread::sleep_for(20ms);
    }
}

void print(const EmbeddedBroker& broker) {
    std::map<std::string, std::int64_t> counts;
    for (const auto& record : broker.records("views-by-author")) {
        millrace::Serde<std::int64_t>::deserialize(record.value.value(),
                                                   counts[record.key.value()]);
    }
    std::printf("%zu visits are over\n", broker.records("visits").size());
    for (const auto& [author, count] : counts) {
        std::printf("%s %lld\n", author.c_str(), static_cast<long long>(count));
    }
}

// A day of a small newspaper on a broker within the process.
int run_demo(Options options) {
    millrace::set_log_level(millrace::LogLevel::kError);
    const bool own_folder = options.state_dir.empty();
    if (own_folder) {
        std::string folder = std::filesystem::temp_directory_path() / "page-views-XXXXXX";
        if (::mkdtemp(folder.data()) == nullptr) {
            throw std::runtime_error("cannot make a folder like " + folder);
        }
        options.state_dir = folder;
    }
    EmbeddedBroker broker;
    publish_articles(broker);
    auto config = streams_config(options);
    config.commit_interval = 100ms;
    millrace::KafkaStreams streams(page_views(), config, broker.clients());
    streams.start();
    wait_until_read(broker, streams);  // Who reads an article before it is known is not counted.
    read_articles(broker, options.views, options.seed);
    wait_until_read(broker, streams);
    const bool closed = streams.close(30s);
    print(broker);
    if (own_folder) {
        std::filesystem::remove_all(options.state_dir);
    }
    return closed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"Finds visits and counts authors' readers among page views"};
    app.add_option("--bootstrap-servers", options.bootstrap_servers,
                   "run on this Kafka cluster until stopped");
    app.add_option("--state-dir", options.state_dir, "where state is kept");
    app.add_option("--config", options.config, "another setting, as name=value; repeatable");
    app.add_option("--views", options.views, "how many views the demo has");
    app.add_option("--seed", options.seed, "of the demo's views");
    CLI11_PARSE(app, argc, argv);
    try {
        return options.bootstrap_servers.empty() ? run_demo(options) : run_on_kafka(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "page_views: %s\n", error.what());
        return 1;
    }
}
