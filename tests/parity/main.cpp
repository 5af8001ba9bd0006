// SPDX-License-Identifier: Apache-2.0

// Replays cases recorded from Apache Kafka Streams.
//
//   parity_runner --list                     names of the scenarios known
//   parity_runner CASE.json                  the result of a case, as JSON; 3: unknown scenario
//   parity_runner --out DIR PATH...          the results of all cases below the paths, laid out
//   alike
//   parity_runner --check [VARIANT...] [--third=N] PATH...
//                                            compares; ends with "N passed, N failed", 1 if any
//                                            failed. Variants, which README.md explains:
//   --exchange-stores --cache=on|off --tiny-limits --wrapped. With --third, a third of the cases of
//   each scenario: those whose seed divided by 3 leaves N.
#include "case_files.hpp"
#include "compare.hpp"
#include "millrace/core/logging.hpp"
#include "run.hpp"
#include "scenario.hpp"
#include "variant.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace millrace::parity;

constexpr int kUsage = 2;
constexpr int kUnknownScenario = 3;

int list() {
    for (const auto& [name, scenario] : all_scenarios()) {
        std::puts(name.c_str());
    }
    return 0;
}

int run_one(const std::string& file) {
    const std::optional<Json> result = run_case(read_json(file));
    if (!result) {
        std::fprintf(stderr, "unknown scenario: %s\n", file.c_str());
        return kUnknownScenario;
    }
    std::puts(result->dump().c_str());
    return 0;
}

int write_all(const std::filesystem::path& folder, const std::vector<std::string>& paths) {
    int unknown = 0;
    for (const std::string& path : paths) {
        for_each_case(path, [&](const std::string& name, const Json& recorded) {
            if (const std::optional<Json> result = run_case(recorded)) {
                write_json(folder / name, *result);
            } else {
                std::fprintf(stderr, "unknown scenario: %s\n", name.c_str());
                ++unknown;
            }
        });
    }
    return unknown == 0 ? 0 : kUnknownScenario;
}

/// The selected cases and how to run them.
struct Check {
    Variant variant;
    std::optional<int> third;
    std::vector<std::string> paths;

    bool contains(const Json& recorded) const {
        constexpr int kThirds = 3;
        return (!third || recorded.at("seed").get<int>() % kThirds == *third) &&
               variant.changes(recorded);
    }
};

Check parse_check(const std::vector<std::string>& arguments) {
    constexpr std::string_view kThird = "--third=";
    Check check;
    for (const std::string& argument : arguments) {
        if (argument.starts_with(kThird)) {
            check.third = std::stoi(argument.substr(kThird.size()));
        } else if (!check.variant.parse(argument)) {
            check.paths.push_back(argument);
        }
    }
    return check;
}

std::optional<std::string> difference_of(const Json& recorded, const Variant& variant,
                                         Compared compared) {
    if (!variant.only_end_counts()) {
        const std::optional<Json> result = run_case(recorded, variant);
        if (!result) {
            return "unknown scenario";
        }
        if (!variant.exchange_stores) {
            return first_difference(recorded, *result);
        }
        const Json expected = without_windows(recorded);
        const Json actual = without_windows(*result);
        return compared == Compared::kAll ? first_difference(expected, actual)
                                          : first_difference_in_the_end(expected, actual, compared);
    }
    const std::optional<Json> usual = run_case_to_the_end(recorded, {.without_defects = true});
    Variant as_users_run_it = variant;
    as_users_run_it.without_defects = true;
    const std::optional<Json> varied = run_case_to_the_end(recorded, as_users_run_it);
    return usual && varied ? first_difference_in_the_end(*usual, *varied, compared)
                           : "unknown scenario";
}

int check_all(const Check& check) {
    const Exceptions exceptions(MILLRACE_PARITY_MAY_CHANGE);
    int passed = 0;
    int failed = 0;
    for (const std::string& path : check.paths) {
        for_each_case(path, [&](const std::string& name, const Json& recorded) {
            const auto scenario = recorded.at("scenario").get<std::string>();
            const Compared compared =
                exceptions.compared(check.variant, scenario, recorded.at("seed").get<int>());
            if (!check.contains(recorded) || compared == Compared::kNothing) {
                return;
            }
            const auto difference = difference_of(recorded, check.variant, compared);
            if (difference) {
                ++failed;
                std::printf("FAIL %s of %s\n  %s\n", name.c_str(), scenario.c_str(),
                            difference->c_str());
            } else {
                ++passed;
            }
        });
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed != 0 ? 0 : 1;
}

int usage() {
    std::fputs(
        "usage: parity_runner --list | CASE.json | --out DIR PATH... |\n"
        "       parity_runner --check [--exchange-stores] [--cache=on|off] [--tiny-limits] "
        "[--wrapped] [--third=N] PATH...\n",
        stderr);
    return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    millrace::set_log_level(millrace::LogLevel::kOff);
    try {
        if (arguments.size() == 1 && arguments[0] == "--list") {
            return list();
        }
        if (arguments.size() == 1 && !arguments[0].starts_with("--")) {
            return run_one(arguments[0]);
        }
        if (arguments.size() >= 3 && arguments[0] == "--out") {
            return write_all(arguments[1], {arguments.begin() + 2, arguments.end()});
        }
        if (arguments.size() >= 2 && arguments[0] == "--check") {
            return check_all(parse_check({arguments.begin() + 1, arguments.end()}));
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "parity_runner: %s\n", error.what());
        return EXIT_FAILURE;
    }
    return usage();
}
