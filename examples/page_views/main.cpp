// SPDX-License-Identifier: Apache-2.0
#include "newspaper.hpp"
#include "topology.hpp"

#include "common/program.hpp"
#include "millrace/core/logging.hpp"

#include <chrono>
#include <cstdio>
#include <string>

namespace {

using namespace std::chrono_literals;

struct Options : example::Options {
    int views = 2'000;
    unsigned seed = 1;
};

bool is_read(const std::string& topic) {
    return topic != "visits" && topic != "views-by-author" && !topic.ends_with("-changelog");
}

// A day of a small newspaper on an in-process broker.
int run_demo(Options options) {
    millrace::set_log_level(millrace::LogLevel::kError);
    const example::TemporaryFolder folder;
    if (options.state_dir.empty()) {
        options.state_dir = folder.path();
    }
    millrace::testing::EmbeddedBroker broker;
    publish_articles(broker);
    auto config = example::streams_config("page-views", options);
    config.commit_interval = 100ms;
    millrace::KafkaStreams streams(page_views(), config, broker.clients());
    streams.start();
    // Views of an article that is not known yet are not counted.
    example::wait_until_read(broker, streams, "page-views", is_read);
    read_articles(broker, options.views, options.seed);
    example::wait_until_read(broker, streams, "page-views", is_read);
    const bool closed = streams.close(30s);
    std::printf("%zu visits are over\n", broker.records("visits").size());
    example::print_counts(broker, "views-by-author");
    return closed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"Finds visits and counts authors' readers among page views"};
    example::add_options(app, options);
    app.add_option("--views", options.views, "how many views the demo has");
    app.add_option("--seed", options.seed, "of the demo's views");
    CLI11_PARSE(app, argc, argv);
    return example::run("page_views", [&] {
        return options.bootstrap_servers.empty()
                   ? run_demo(options)
                   : example::run_on_kafka(page_views(),
                                           example::streams_config("page-views", options));
    });
}
