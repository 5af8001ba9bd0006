// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include "workloads.hpp"

#include "millrace/core/error.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdlib>

namespace bench {

Options parse(int argc, char** argv) {
    Options options;
    CLI::App app("Millrace's contender in the side-by-side benchmarks");
    app.add_option("--workload", options.workload);
    app.add_option("--bootstrap", options.bootstrap, "host:port of a broker")->required();
    app.add_option("--input", options.inputs, "input topics")->required()->delimiter(',');
    app.add_option("--output", options.output, "output topic")->required();
    app.add_option("--app-id", options.app_id)->required();
    app.add_option("--state-dir", options.state_dir)->required();
    app.add_option("--threads", options.threads);
    app.add_option("--guarantee", options.guarantee, "at_least_once or exactly_once_v2");
    app.add_option("--commit-ms", options.commit_ms);
    app.add_option("--cache-bytes", options.cache_bytes);
    app.add_option("--grace-ms", options.grace_ms);
    app.add_option("--warm-fraction", options.warm_fraction);
    app.add_option("--mode", options.mode)
        ->check(CLI::IsMember({"drain", "restore", "run", "describe"}));
    app.add_option("-P", options.settings, "name=value: a setting of the library");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    return options;
}

millrace::StreamsConfig streams_config(const Options& options) {
    millrace::StreamsConfig config;
    config.application_id = options.app_id;
    config.bootstrap_servers = options.bootstrap;
    config.state_dir = options.state_dir;
    config.num_stream_threads = options.threads;
    config.statestore_cache_max_bytes = static_cast<std::size_t>(options.cache_bytes);
    config.set("processing.guarantee", options.guarantee);
    if (options.commit_ms > 0) {
        config.commit_interval = std::chrono::milliseconds(options.commit_ms);
    } else if (has_hops(options.workload) && options.guarantee == "at_least_once") {
        config.commit_interval = std::chrono::seconds(1);
    }
    for (const std::string& setting : options.settings) {
        const auto equals = setting.find('=');
        if (equals == std::string::npos) {
            throw millrace::ConfigError("-P wants name=value, not " + setting);
        }
        config.set(setting.substr(0, equals), setting.substr(equals + 1));
    }
    return config;
}

}  // namespace bench
