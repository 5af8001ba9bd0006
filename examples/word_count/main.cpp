// SPDX-License-Identifier: Apache-2.0
#include "topology.hpp"

#include "common/program.hpp"
#include "millrace/core/logging.hpp"

#include <chrono>
#include <iostream>
#include <string>

namespace {

using namespace std::chrono_literals;

// Counts the words of standard input on an in-process broker.
int count_standard_input(example::Options options) {
    millrace::set_log_level(millrace::LogLevel::kError);
    const example::TemporaryFolder folder;
    if (options.state_dir.empty()) {
        options.state_dir = folder.path();
    }

    millrace::testing::EmbeddedBroker broker;
    broker.create_topic("lines");
    broker.create_topic("word-counts");
    auto config = example::streams_config("word-count", options);
    config.commit_interval = 100ms;
    millrace::KafkaStreams streams(word_count(), config, broker.clients());
    for (std::string line; std::getline(std::cin, line);) {
        broker.produce("lines", {.value = line});
    }
    streams.start();
    // Words pass from "lines" through a repartition topic: both must be read to the end.
    example::wait_until_read(broker, streams, "word-count", [](const std::string& topic) {
        return topic == "lines" || topic.ends_with("-repartition");
    });
    const bool closed = streams.close(30s);
    example::print_counts(broker, "word-counts");
    return closed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    example::Options options;
    CLI::App app{
        "Counts words: those of standard input, or with --bootstrap-servers those of topic "
        "\"lines\""};
    example::add_options(app, options);
    CLI11_PARSE(app, argc, argv);
    return example::run("word_count", [&] {
        return options.bootstrap_servers.empty()
                   ? count_standard_input(options)
                   : example::run_on_kafka(word_count(),
                                           example::streams_config("word-count", options));
    });
}
