// SPDX-License-Identifier: Apache-2.0
#include <millrace/millrace.hpp>
#include <millrace/serde/protobuf.hpp>
#include <millrace/testing/topology_test_driver.hpp>

#include <google/protobuf/wrappers.pb.h>

#include <cstdio>
#include <string>

// A user's test: protobuf values through a topology on the test driver.
int main() {
    using Text = google::protobuf::StringValue;
    millrace::StreamsBuilder builder;
    builder.stream<std::string, Text>("in")
        .map_values([](const Text& text) { return text.value() + "!"; })
        .to("out");
    millrace::testing::TopologyTestDriver driver(std::move(builder).build());
    auto in = driver.input_topic<std::string, Text>("in");
    auto out = driver.output_topic<std::string, std::string>("out");

    Text hello;
    hello.set_value("hello");
    in.pipe("key", hello);
    const auto results = out.drain_key_values();

    const bool right = results.size() == 1 && results.front().second == "hello!";
    std::puts(right ? "ok" : "wrong output");
    return right ? 0 : 1;
}
