// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <CLI/CLI.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace fraud {

namespace {

constexpr double kDefaultSeconds = 5;
constexpr double kDefaultRate = 2000;
constexpr std::int64_t kDayMs = 86'400'000;

struct Arguments {
    double seconds = kDefaultSeconds;
    std::int64_t first_day = 0;
    std::vector<std::string> config;
    bool generate = false;
    bool expect = false;
    bool describe = false;
};

void add_traffic_options(CLI::App& app, Options& options, Arguments& arguments) {
    const auto* group = "Traffic";
    app.add_option("--seed", options.traffic.seed,
                   "seed of the traffic; equal seeds, equal traffic")
        ->capture_default_str()
        ->group(group);
    app.add_option("--cards", options.traffic.cards, "how many cards there are")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str()
        ->group(group);
    app.add_option("--seconds", arguments.seconds, "how long to make traffic for")
        ->check(CLI::Range(0.1, 1e6))
        ->capture_default_str()
        ->group(group);
    app.add_option("--rate", options.rate, "payments a second; 0: as fast as possible")
        ->check(CLI::NonNegativeNumber)
        ->default_val(kDefaultRate)
        ->group(group);
    app.add_option("--payments", options.payments,
                   "how many payments to make, instead of --seconds")
        ->check(CLI::PositiveNumber)
        ->group(group);
    app.add_option(
           "--skip", options.skip,
           "with --generate: send the payments after the first so many, which were sent before")
        ->group(group);
    app.add_option("--first-day", arguments.first_day,
                   "day the traffic begins, in days since 1970-01-01; with --generate it is chosen "
                   "so that the traffic ends about now, else it is 2026-01-05")
        ->check(CLI::Range(2, 100'000))
        ->group(group);
    app.add_flag("--generate", arguments.generate, "send traffic to Kafka and end");
    app.add_flag("--expect", arguments.expect,
                 "print what must come out of the traffic, worked out without Millrace, and end");
}

void add_streams_options(CLI::App& app, Options& options, Arguments& arguments) {
    const auto* group = "Stream processing";
    app.add_option("--bootstrap-servers", options.bootstrap_servers,
                   "run on this Kafka cluster, not on the embedded broker, until stopped")
        ->group(group);
    app.add_option("--application-id", options.application_id, "name of the application")
        ->default_val("fraud-detection")
        ->group(group);
    app.add_option("--state-dir", options.state_dir,
                   "where state is kept; the demo uses a folder that goes when it ends")
        ->group(group);
    app.add_option("--partitions", options.partitions, "partitions of topics that are created")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str()
        ->group(group);
    app.add_option("--threads", options.threads, "threads that process")
        ->check(CLI::Range(1, 256))
        ->capture_default_str()
        ->group(group);
    app.add_option("--config", arguments.config, "another setting, as name=value; repeatable")
        ->check([](const std::string& setting) {
            const auto equals = setting.find('=');
            return equals == std::string::npos || equals == 0 ? "expected name=value" : "";
        })
        ->group(group);
    app.add_option("--model", options.model_file, "a model made by train.py, for the one built in")
        ->check(CLI::ExistingFile)
        ->group(group);
    app.add_flag("--describe", arguments.describe, "print the topology and end");
}

Mode mode_of(const Options& options, const Arguments& arguments) {
    if (arguments.describe) {
        return Mode::kDescribe;
    }
    if (arguments.expect) {
        return Mode::kExpect;
    }
    if (arguments.generate) {
        return Mode::kGenerate;
    }
    return options.bootstrap_servers.empty() ? Mode::kDemo : Mode::kService;
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv, int& exit_code) {
    Options options;
    Arguments arguments;
    CLI::App app{
        "Finds fraud in card payments. Without options: a demonstration that needs nothing."};
    add_traffic_options(app, options, arguments);
    add_streams_options(app, options, arguments);
    app.add_option("--log-level", options.log_level,
                   "what Millrace logs; error in the demo, else info")
        ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
    app.add_flag("--quiet", options.quiet, "print no alerts and no progress");
    try {
        app.parse(argc, argv);
        if (arguments.generate && options.bootstrap_servers.empty()) {
            throw CLI::RequiredError("--bootstrap-servers");
        }
    } catch (const CLI::ParseError& error) {
        exit_code = app.exit(error);
        return std::nullopt;
    }

    options.mode = mode_of(options, arguments);
    if (options.payments == 0) {
        const double rate = options.rate > 0 ? options.rate : kDefaultRate;
        options.payments = static_cast<std::uint64_t>(std::ceil(arguments.seconds * rate));
    }
    if (arguments.first_day != 0) {
        options.day_chosen = true;
        options.traffic.first_day_ms = arguments.first_day * kDayMs;
    }
    for (const auto& setting : arguments.config) {
        const auto equals = setting.find('=');
        options.config[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
    return options;
}

}  // namespace fraud
