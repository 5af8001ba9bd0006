// SPDX-License-Identifier: Apache-2.0
#include "run.hpp"

#include "case.hpp"
#include "millrace/core/error.hpp"
#include "millrace/testing/topology_test_driver.hpp"
#include "scenario.hpp"
#include "store_dump.hpp"

#include <exception>
#include <limits>
#include <utility>
#include <vector>

namespace millrace::parity {
namespace {

using testing::BytesRecord;
using testing::TopologyTestDriver;

Json headers_to_json(const Headers& headers) {
    Json list = Json::array();
    for (const Header& header : headers) {
        list.push_back({header.key, header.value ? Json(to_hex(*header.value)) : Json(nullptr)});
    }
    return list;
}

Json record_to_json(const BytesRecord& record) {
    Json json{
        {"topic", record.topic},
        {"key", to_json(record.key)},
        {"value", to_json(record.value)},
        {"timestamp", record.timestamp ? Json(milliseconds_of(*record.timestamp)) : Json(nullptr)}};
    if (!record.headers.empty()) {
        json["headers"] = headers_to_json(record.headers);
    }
    return json;
}

BytesRecord record_of(const Json& json) {
    BytesRecord record{.topic = json.at("topic").get<std::string>(),
                       .key = to_bytes(json.at("key")),
                       .value = to_bytes(json.at("value")),
                       .timestamp = timestamp_of(json.at("timestamp").get<std::int64_t>())};
    if (json.contains("headers")) {
        for (const Json& header : json.at("headers")) {
            record.headers.add(header.at(0).get<std::string>(),
                               header.at(1).is_null() ? NullableOwnedBytes()
                                                      : from_hex(header.at(1).get<std::string>()));
        }
    }
    return record;
}

/// Kafka Streams' exception for a topology that cannot be built.
const char* java_name(const Scenario& scenario, const std::exception& error) {
    if (dynamic_cast<const TopologyError*>(&error) == nullptr) {
        return "StreamsException";
    }
    return scenario.refused_as != nullptr ? scenario.refused_as : "TopologyException";
}

/// Runs the steps; false if one of them threw.
bool run_steps(const Json& steps, Case& c, TopologyTestDriver& driver, Seen& seen, Json& result) {
    for (const Json& step : steps) {
        Json done = Json::object();
        c.lines.clear();
        try {
            if (step.contains("pipe")) {
                done["pipe"] = step.at("pipe");
                const BytesRecord record = record_of(step.at("pipe"));
                seen.add(record);
                driver.pipe(record);
            } else {
                done["advance_wall_clock_ms"] = step.at("advance_wall_clock_ms");
                driver.advance_wall_clock(std::chrono::milliseconds(
                    step.at("advance_wall_clock_ms").get<std::int64_t>()));
            }
        } catch (const std::exception& error) {
            // Every failure of a task is reported to the user as one kind of exception.
            done["throws"] = "StreamsException";
            done["message"] = error.what();
        }
        if (!c.lines.empty()) {
            done["log"] = c.lines;
        }
        if (!done.contains("throws")) {
            done["out"] = Json::array();
            for (const BytesRecord& record : driver.drain()) {
                done["out"].push_back(record_to_json(record));
                seen.add(record);
            }
        }
        result.push_back(std::move(done));
        if (result.back().contains("throws")) {
            return false;
        }
    }
    return true;
}

/// Cases with "commits": "by_wall_clock" were recorded without a commit after each record.
testing::DriverOptions driver_options(const Json& recorded, const Case& c, const Variant& variant) {
    testing::DriverOptions options = variant.driver(c.settings);
    if (recorded.value("commits", "") == "by_wall_clock" && !options.commit_above_bytes) {
        options.commit_above_bytes = std::numeric_limits<std::size_t>::max();
    }
    return options;
}

/// How to run a case, apart from its inputs.
struct Manner {
    const Variant& variant;
    bool to_the_end = false;
};

/// A flush visits the stores once, so records that it adds to an already flushed store stay there.
void commit_everything(TopologyTestDriver& driver, Json& steps) {
    constexpr int kLongestChain = 12;
    try {
        for (int i = 0; i < kLongestChain; ++i) {
            driver.advance_wall_clock(std::chrono::milliseconds(0));
        }
    } catch (const std::exception& error) {
        steps.push_back({{"throws", "StreamsException"}, {"message", error.what()}});
        return;
    }
    Json out = Json::array();
    for (const BytesRecord& record : driver.drain()) {
        out.push_back(record_to_json(record));
    }
    steps.push_back({{"advance_wall_clock_ms", 0}, {"out", std::move(out)}});
}

void run_topology(const Json& recorded, Case& c, const Topology& topology, const Manner& manner,
                  Json& result) {
    result["steps"] = Json::array();
    result["stores"] = Json::object();
    if (!recorded.contains("initial_wall_clock_ms")) {
        return;  // A scenario that is only built.
    }
    c.lines.clear();
    std::optional<TopologyTestDriver> driver;
    try {
        driver.emplace(topology, driver_options(recorded, c, manner.variant));
    } catch (const std::exception& error) {
        result["init_throws"] = "StreamsException";
        result["message"] = error.what();
        return;
    }
    if (!c.lines.empty()) {
        result["init_log"] = c.lines;
    }
    Seen seen;
    if (run_steps(recorded.at("steps"), c, *driver, seen, result["steps"])) {
        if (manner.to_the_end) {
            commit_everything(*driver, result["steps"]);
        }
        result["stores"] = dump_stores(topology, *driver, c.settings, seen);
    }
}

std::optional<Json> run(const Json& recorded, const Manner& manner) {
    const auto name = recorded.at("scenario").get<std::string>();
    const auto scenario = all_scenarios().find(name);
    if (scenario == all_scenarios().end()) {
        return std::nullopt;
    }
    Json result{{"scenario", name}, {"seed", recorded.at("seed")}};
    result["config"] = recorded.at("config");
    Case c;
    c.settings = manner.variant.settings(recorded.at("config").get<Settings>());
    if (recorded.contains("program")) {
        c.program = recorded.at("program").get<std::vector<std::string>>();
    }
    std::optional<Topology> topology;
    try {
        topology.emplace(manner.variant.topology(scenario->second.build(c), c.settings));
        result["describe"] = topology->describe();
    } catch (const std::exception& error) {
        result["build_throws"] = java_name(scenario->second, error);
        result["message"] = error.what();
        return result;
    }
    run_topology(recorded, c, *topology, manner, result);
    return result;
}

}  // namespace

std::optional<Json> run_case(const Json& recorded, const Variant& variant) {
    return run(recorded, {variant});
}

std::optional<Json> run_case_to_the_end(const Json& recorded, const Variant& variant) {
    return run(recorded, {variant, true});
}

}  // namespace millrace::parity
