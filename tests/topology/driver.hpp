// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

using Text = std::string;
using MaybeText = std::optional<std::string>;

/// One line for each record sent to a topic: "key=value@time", nulls as "-".
template <class V = Text>
std::vector<std::string> lines_of(testing::TopologyTestDriver& driver, const std::string& topic) {
    std::vector<std::string> lines;
    auto output = driver.output_topic<MaybeText, std::optional<V>>(topic);
    for (const auto& record : output.drain_records()) {
        std::string value = "-";
        if (record.value) {
            if constexpr (std::same_as<V, Text>) {
                value = *record.value;
            } else {
                value = std::to_string(*record.value);
            }
        }
        lines.push_back(record.key.value_or("-") + "=" + value + "@" +
                        std::to_string(milliseconds_of(record.timestamp)));
    }
    return lines;
}

/// A driver for the topology that `program` builds, with shorthands to pipe text.
class Program {
  public:
    template <class F>
    explicit Program(F program, const TopologyOptions& options = {},
                     std::map<std::string, std::string> config = {})
        : driver_(built(program, options), {.config = std::move(config)}) {}

    void pipe(const std::string& topic, MaybeText key, MaybeText value, std::int64_t time) {
        driver_.input_topic<MaybeText, MaybeText>(topic).pipe(key, value, timestamp_of(time));
    }

    template <class V = Text>
    std::vector<std::string> lines(const std::string& topic) {
        return lines_of<V>(driver_, topic);
    }

    testing::TopologyTestDriver& driver() noexcept { return driver_; }

  private:
    template <class F>
    static Topology built(F& program, const TopologyOptions& options) {
        StreamsBuilder builder;
        program(builder);
        return std::move(builder).build(options);
    }

    testing::TopologyTestDriver driver_;
};

template <class F>
std::string described(F program, const TopologyOptions& options = {}) {
    StreamsBuilder builder;
    program(builder);
    return std::move(builder).build(options).describe();
}

}  // namespace millrace
