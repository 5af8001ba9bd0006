// SPDX-License-Identifier: Apache-2.0
// Runs a target without libFuzzer: over its corpus, then over mutations of it. The same arguments
// run the same inputs. See docs/testing.md.
#include "fuzz.hpp"
#include "guarded_input.hpp"
#include "largest_allocation.hpp"
#include "mutator.hpp"

#include "millrace/core/logging.hpp"

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace millrace::fuzz {
namespace {

constexpr const char* kFailedInput = "failed-input.bin";
constexpr unsigned kSeconds = 10;  // For one input.

BytesView current;  // The signal handler saves it.

// Only calls that a signal handler may make.
void save_input(int signal) {
    const int file = ::open(kFailedInput, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    static_cast<void>(::write(file, current.data(), current.size()));
    ::close(file);
    constexpr BytesView kText = "\nthe input that failed is in failed-input.bin\n";
    static_cast<void>(::write(STDERR_FILENO, kText.data(), kText.size()));
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void save_inputs_that_fail() {
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM}) {
        std::signal(signal, save_input);
    }
}

Bytes content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// In the order of their names; `path` is a file or a folder.
std::vector<Bytes> inputs_in(const std::filesystem::path& path) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(path)) {
        for (const auto& entry : std::filesystem::directory_iterator(path)) {
            files.push_back(entry.path());
        }
    } else {
        files.push_back(path);
    }
    std::sort(files.begin(), files.end());
    std::vector<Bytes> inputs;
    std::transform(files.begin(), files.end(), std::back_inserter(inputs), content_of);
    return inputs;
}

/// An exception that escapes is a defect, whose input is saved.
void run(Decode decode, BytesView input) noexcept {
    current = input;
    ::alarm(kSeconds);
    decode(input);
}

void run_all(const Target& target, const std::vector<Bytes>& corpus, std::size_t runs,
             std::uint64_t seed) {
    GuardedInput memory;
    for (const Bytes& input : corpus) {
        run(target.decode, memory.at_end(input));
        run(target.decode, memory.at_start(input));
    }
    Mutator mutator(corpus, seed);
    for (std::size_t at = 0; at < runs; ++at) {
        const Bytes input = mutator.next();
        run(target.decode, at % 2 == 0 ? memory.at_end(input) : memory.at_start(input));
    }
}

int main_of(int argc, char** argv) {
    CLI::App app("Runs decoders over a corpus and mutations of it.");
    std::string name;
    std::string corpus;
    std::size_t runs = 0;
    std::uint64_t seed = 1;
    app.add_option("target", name, "A decoder")->required();
    app.add_option("corpus", corpus, "A folder of inputs, or one input")->required();
    app.add_option("--runs", runs, "Mutations after the corpus");
    app.add_option("--seed", seed, "Of the mutations");
    CLI11_PARSE(app, argc, argv);
    const auto target = std::find_if(targets().begin(), targets().end(),
                                     [&](const Target& each) { return each.name == name; });
    if (target == targets().end()) {
        std::fprintf(stderr, "no such target: %s; there are:\n", name.c_str());
        for (const Target& each : targets()) {
            std::fprintf(stderr, "    %s\n", each.name);
        }
        return 2;
    }
    const std::vector<Bytes> inputs = inputs_in(corpus);
    if (inputs.empty()) {
        std::fprintf(stderr, "no inputs in %s\n", corpus.c_str());
        return 2;
    }
    set_log_level(LogLevel::kOff);
    save_inputs_that_fail();
    limit_allocations(std::size_t{64} << 20);
    run_all(*target, inputs, runs, seed);
    std::printf("%s: %zu inputs and %zu mutations\n", target->name, inputs.size(), runs);
    return 0;
}

}  // namespace
}  // namespace millrace::fuzz

int main(int argc, char** argv) {
    return millrace::fuzz::main_of(argc, argv);
}
