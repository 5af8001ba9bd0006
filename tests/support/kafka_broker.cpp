// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_broker.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace millrace::testing {
namespace {

struct ToolResult {
    int exit_code;
    std::string output;
    std::string errors;
};

std::string quoted(const std::string& argument) {
    std::string result = "'";
    for (const char c : argument) {
        if (c == '\'') {
            result += "'\\''";
        } else {
            result += c;
        }
    }
    return result + "'";
}

// The tool's stderr goes to a file instead of the pipe: background processes of the tool must not
// keep the pipe open.
ToolResult call_tool(const std::vector<std::string>& arguments, const std::string& folder) {
    const std::string error_file = folder + "/tool-errors";
    std::string command = quoted(MILLRACE_KAFKA_TOOL);
    for (const std::string& argument : arguments) {
        command += " " + quoted(argument);
    }
    command += " --dir " + quoted(folder + "/broker") + " 2>" + quoted(error_file) + " </dev/null";

    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) {
        throw std::runtime_error("cannot run " + command);
    }
    std::string output;
    std::array<char, 512> chunk{};
    while (std::fgets(chunk.data(), static_cast<int>(chunk.size()), pipe) != nullptr) {
        output += chunk.data();
    }
    const int status = ::pclose(pipe);

    std::ifstream errors(error_file);
    return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            .output = std::move(output),
            .errors = std::string(std::istreambuf_iterator<char>(errors), {})};
}

std::string call_tool_or_throw(const std::vector<std::string>& arguments,
                               const std::string& folder) {
    ToolResult result = call_tool(arguments, folder);
    if (result.exit_code != 0) {
        throw std::runtime_error("tools/kafka " + arguments.front() + " failed: " + result.errors);
    }
    return std::move(result.output);
}

std::string new_folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "millrace-kafka-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("cannot make a folder like " + pattern);
    }
    return pattern;
}

}  // namespace

KafkaBroker::KafkaBroker(const std::vector<std::string>& settings)
    : folder_(new_folder()), settings_(settings) {
    try {
        start();
    } catch (...) {
        std::filesystem::remove_all(folder_);
        throw;
    }
}

// ctest runs tools/kafka itself on this folder (tests/CMakeLists.txt) before the first test that
// needs it.
KafkaBroker::KafkaBroker(Shared) : folder_(MILLRACE_SHARED_KAFKA), owned_(false) {
    ToolResult status{.exit_code = 1, .output = {}, .errors = {}};
    if (std::filesystem::exists(folder_)) {
        status = call_tool({"status"}, folder_);
    }
    if (status.exit_code == 0) {
        const auto state = nlohmann::json::parse(status.output);
        bootstrap_servers_ = state.at("bootstrap").get<std::string>();
        pid_ = state.at("pid").get<pid_t>();
        return;
    }
    folder_ = new_folder();
    owned_ = true;
    start();
}

KafkaBroker::~KafkaBroker() {
    if (!owned_) {
        return;
    }
    try {
        // A frozen process does not react to SIGTERM.
        call_tool({"kill"}, folder_);
        std::filesystem::remove_all(folder_);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "KafkaBroker: %s\n", error.what());
    }
}

KafkaBroker& KafkaBroker::shared() {
    static KafkaBroker broker{Shared{}};
    return broker;
}

void KafkaBroker::start() {
    std::vector<std::string> arguments{"start", "--owner", std::to_string(::getpid())};
    for (const std::string& setting : settings_) {
        arguments.insert(arguments.end(), {"--set", setting});
    }
    const auto state = nlohmann::json::parse(call_tool_or_throw(arguments, folder_));
    bootstrap_servers_ = state.at("bootstrap").get<std::string>();
    pid_ = state.at("pid").get<pid_t>();
}

void KafkaBroker::stop() {
    call_tool_or_throw({"stop"}, folder_);
}

void KafkaBroker::kill9() {
    call_tool_or_throw({"kill"}, folder_);
}

void KafkaBroker::freeze() {
    if (::kill(pid_, SIGSTOP) != 0) {
        throw std::runtime_error("cannot freeze the broker: it is not at running");
    }
}

void KafkaBroker::resume() {
    if (::kill(pid_, SIGCONT) != 0) {
        throw std::runtime_error("cannot resume the broker: it is not at running");
    }
}

void KafkaBroker::start_again() {
    start();
}

std::string unique_name(const std::string& prefix) {
    static const unsigned process = std::random_device{}();
    static std::atomic<unsigned> calls{0};
    return prefix + "-" + std::to_string(process) + "-" + std::to_string(++calls);
}

}  // namespace millrace::testing
