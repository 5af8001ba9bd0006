// SPDX-License-Identifier: Apache-2.0
#include "application.hpp"

#include "rules.hpp"

#include "millrace/core/logging.hpp"

#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace fraud {

void apply_log_level(const Options& options) {
    static const std::map<std::string, millrace::LogLevel> levels{
        {"debug", millrace::LogLevel::kDebug},
        {"info", millrace::LogLevel::kInfo},
        {"warn", millrace::LogLevel::kWarn},
        {"error", millrace::LogLevel::kError},
        {"off", millrace::LogLevel::kOff}};
    // The demo's summary contains the unreadable payments; a warning for each would hide the
    // alerts.
    const std::string usual = options.mode == Mode::kDemo ? "error" : "info";
    millrace::set_log_level(levels.at(options.log_level.empty() ? usual : options.log_level));
}

millrace::StreamsConfig streams_config(const Options& options) {
    millrace::StreamsConfig config;
    config.application_id = options.application_id;
    config.bootstrap_servers = options.bootstrap_servers;
    config.num_stream_threads = options.threads;
    if (!options.state_dir.empty()) {
        config.state_dir = options.state_dir;
    }
    // Limits how much is processed again after a crash.
    config.commit_interval = std::chrono::seconds(1);
    config.deserialization_exception_handler = millrace::log_and_continue;
    config.errors_dead_letter_queue_topic_name = kDeadLetterTopic;
    config.set_all(options.config);
    return config;
}

Scorer scorer_of(const Options& options) {
    if (options.model_file.empty()) {
        return Scorer();
    }
    std::ifstream file(options.model_file, std::ios::binary);
    return Scorer(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace fraud
