// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include "topologies.hpp"

#include "millrace/core/error.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>

namespace system_app {

Options parse(int argc, char** argv) {
    Options options;
    std::vector<std::string> settings;
    const auto set = [&options](const char* name) {
        return [&options, name](const std::string& value) { options.config.set(name, value); };
    };
    CLI::App app("A small service for tests that disturb it from outside");
    app.add_option("--workload", options.workload)->required()->check(CLI::IsMember(workloads()));
    app.add_option("--input", options.input, "input topic")->required();
    app.add_option("--input-2", options.input_2, "second input topic, of joins");
    app.add_option("--output", options.output, "output topic")->required();
    const auto setting = [&](const char* flag, const char* name) {
        return app.add_option_function<std::string>(flag, set(name), name);
    };
    setting("--bootstrap-servers", "bootstrap.servers")->required();
    setting("--application-id", "application.id")->required();
    setting("--state-dir", "state.dir")->required();
    setting("--threads", "num.stream.threads");
    setting("--guarantee", "processing.guarantee");
    setting("--commit-interval-ms", "commit.interval.ms");
    setting("--cache-bytes", "statestore.cache.max.bytes");
    setting("--standby-replicas", "num.standby.replicas");
    app.add_flag("--next-version", options.next_version,
                 "write the group member data of the next version");
    app.add_option("--config", settings, "name=value: any other setting");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    for (const std::string& each : settings) {
        const auto equals = each.find('=');
        if (equals == std::string::npos) {
            throw millrace::ConfigError("--config requires name=value, not " + each);
        }
        options.config.set(each.substr(0, equals), each.substr(equals + 1));
    }
    if (has_second_input(options.workload) && options.input_2.empty()) {
        throw millrace::ConfigError("--workload " + options.workload + " requires --input-2");
    }
    return options;
}

}  // namespace system_app
