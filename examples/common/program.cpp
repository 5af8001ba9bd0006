// SPDX-License-Identifier: Apache-2.0
#include "common/program.hpp"

#include "millrace/client/run_until_signal.hpp"
#include "millrace/serde/primitives.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace example {

using namespace std::chrono_literals;
using millrace::testing::EmbeddedBroker;

void add_options(CLI::App& app, Options& options) {
    app.add_option("--bootstrap-servers", options.bootstrap_servers,
                   "run on this Kafka cluster until stopped");
    app.add_option("--state-dir", options.state_dir, "where state is kept");
    app.add_option("--config", options.config, "another setting, as name=value; repeatable");
}

millrace::StreamsConfig streams_config(const std::string& application_id, const Options& options) {
    millrace::StreamsConfig config;
    config.application_id = application_id;
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

int run_on_kafka(const millrace::Topology& topology, const millrace::StreamsConfig& config) {
    millrace::KafkaStreams streams(topology, config);
    return millrace::run_until_signal(streams);
}

namespace {

bool everything_read(const EmbeddedBroker& broker, const std::string& application_id,
                     const std::function<bool(const std::string& topic)>& is_read) {
    const auto committed = broker.committed_offsets(application_id);
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

}  // namespace

void wait_until_read(const EmbeddedBroker& broker, const millrace::KafkaStreams& streams,
                     const std::string& application_id,
                     const std::function<bool(const std::string& topic)>& is_read) {
    // As often as records may pass through internal topics: one check may miss records in between.
    constexpr int kLooks = 5;
    for (int looks = 0; looks < kLooks;
         looks = everything_read(broker, application_id, is_read) ? looks + 1 : 0) {
        if (streams.state() == millrace::ClientState::kError) {
            throw std::runtime_error("the application has stopped; see above");
        }
        std::this_thread::sleep_for(20ms);
    }
}

void print_counts(const EmbeddedBroker& broker, const std::string& topic) {
    std::map<std::string, std::int64_t> counts;
    for (const auto& record : broker.records(topic)) {
        counts[record.key.value()] =
            millrace::Serde<std::int64_t>::deserialize(record.value.value());
    }
    for (const auto& [key, count] : counts) {
        std::printf("%s %lld\n", key.c_str(), static_cast<long long>(count));
    }
}

TemporaryFolder::TemporaryFolder()
    : path_(std::filesystem::temp_directory_path() / "millrace-example-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) {
        throw std::runtime_error("cannot make a folder like " + path_);
    }
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

int run(const char* name, const std::function<int()>& program) {
    try {
        return program();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", name, error.what());
        return 1;
    }
}

}  // namespace example
