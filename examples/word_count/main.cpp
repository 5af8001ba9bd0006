// SPDX-License-Identifier: Apache-2.0
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
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using millrace::testing::EmbeddedBroker;

struct Options {
    std::string bootstrap_servers;
    std::string state_dir;
    std::vector<std::string> config;
};

millrace::StreamsConfig streams_config(const Options& options) {
    millrace::StreamsConfig config;
    config.application_id = "word-count";
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

// Runs on Kafka until SIGINT or SIGTERM. Topics "lines" and "word-counts" must exist.
int run_on_kafka(const Options& options) {
    // Blocked before any thread is made, so that it is this one which gets them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    millrace::KafkaStreams streams(word_count(), streams_config(options));
    streams.start();
    int signal = 0;
    sigwait(&signals, &signal);
    return streams.close(30s) ? 0 : 1;
}

// The words travel from "lines" through a repartition topic: both must be read to the end.
bool everything_counted(const EmbeddedBroker& broker) {
    const auto committed = broker.committed_offsets("word-count");
    for (const auto& [topic, partitions] : broker.topics()) {
        if (topic != "lines" && !topic.ends_with("-repartition")) {
            continue;
        }
        for (int partition = 0; partition < partitions; ++partition) {
            const auto end = broker.end_offset({topic, partition});
            const auto offset = committed.find({topic, partition});
            if (end > 0 && (offset == committed.end() || offset->second < end)) {
                return false;
            }
        }
    }
    return true;
}

void wait_until_counted(const EmbeddedBroker& broker, const millrace::KafkaStreams& streams) {
    // Twice: words may have been on their way between the two topics while the first look was
    // taken.
    while (!everything_counted(broker) || !everything_counted(broker)) {
        if (streams.state() == millrace::ClientState::kError) {
            throw std::runtime_error("the application has stopped; see above");
        }
        std::this_thread::sleep_for(10ms);
    }
}

// A folder that goes with the object.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        path_ = (std::filesystem::temp_directory_path() / "millrace-words-XXXXXX").string();
        if (::mkdtemp(path_.data()) == nullptr) {
            throw std::runtime_error("cannot make a folder like " + path_);
        }
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// Counts the words of standard input on a broker within the process.
int count_standard_input(Options options) {
    millrace::set_log_level(millrace::LogLevel::kError);
    const TemporaryFolder folder;
    if (options.state_dir.empty()) {
        options.state_dir = folder.path();
    }

    EmbeddedBroker broker;
    broker.create_topic("lines");
    broker.create_topic("word-counts");
    auto config = streams_config(options);
    config.commit_interval = 100ms;
    millrace::KafkaStreams streams(word_count(), config, broker.clients());
    for (std::string line; std::getline(std::cin, line);) {
        broker.produce("lines", {.value = line});
    }
    streams.start();
    wait_until_counted(broker, streams);
    const bool closed = streams.close(30s);

    std::map<std::string, std::int64_t> counts;
    for (const auto& record : broker.records("word-counts")) {
        millrace::Serde<std::int64_t>::deserialize(record.value.value(),
                                                   counts[record.key.value()]);
    }
    for (const auto& [word, count] : counts) {
        std::printf("%s %lld\n", word.c_str(), static_cast<long long>(count));
    }
    return closed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{
        "Counts words: those of standard input, or with --bootstrap-servers those of topic "
        "\"lines\""};
    app.add_option("--bootstrap-servers", options.bootstrap_servers,
                   "run on this Kafka cluster until stopped");
    app.add_option("--state-dir", options.state_dir, "where state is kept");
    app.add_option("--config", options.config, "another setting, as name=value; repeatable");
    CLI11_PARSE(app, argc, argv);
    try {
        return options.bootstrap_servers.empty() ? count_standard_input(options)
                                                 : run_on_kafka(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "word_count: %s\n", error.what());
        return 1;
    }
}
