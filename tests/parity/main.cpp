// SPDX-License-Identifier: Apache-2.0

// Replays cases recorded from Apache Kafka Streams.
//
//   parity_runner --list                     names of the scenarios known
//   parity_runner CASE.json                  the result of a case, as JSON; 3: unknown scenario
//   parity_runner --out DIR PATH...          the results of all cases below the paths, laid out
//   alike parity_runner --check PATH...            compares; ends with "N passed, N failed", 1 if
//   any failed
#include "case_files.hpp"
#include "compare.hpp"
#include "millrace/core/logging.hpp"
#include "run.hpp"
#include "scenario.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
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

int check_all(const std::vector<std::string>& paths) {
    int passed = 0;
    int failed = 0;
    for (const std::string& path : paths) {
        for_each_case(path, [&](const std::string& name, const Json& recorded) {
            std::optional<std::string> difference = "unknown scenario";
            if (const std::optional<Json> result = run_case(recorded)) {
                difference = first_difference(recorded, *result);
            }
            if (difference) {
                ++failed;
                std::printf("FAIL %s of %s\n  %s\n", name.c_str(),
                            recorded.at("scenario").get<std::string>().c_str(),
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
    std::fputs("usage: parity_runner --list | CASE.json | --out DIR PATH... | --check PATH...\n",
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
            return check_all({arguments.begin() + 1, arguments.end()});
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "parity_runner: %s\n", error.what());
        return EXIT_FAILURE;
    }
    return usage();
}
