// SPDX-License-Identifier: Apache-2.0
#include "allocations/allocation_count.hpp"
#include "millrace/millrace.hpp"
#include "support/running_task.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace millrace {
namespace {

using support::allocations;
using support::RunningTask;

constexpr std::int64_t kKeys = 1 << 13;
constexpr std::int64_t kWarmUp = 200'000;  // Enough records to use every key and grow every buffer.
constexpr std::int64_t kRecords = 50'000;

/// Heap allocations while `task`, which is warmed up, processes kRecords records.
std::uint64_t allocations_of(RunningTask& task) {
    task.run(kWarmUp);
    const std::uint64_t before = allocations();
    task.run(kRecords);
    return allocations() - before;
}

RunningTask running(StreamsBuilder builder, std::size_t value_size = 8) {
    return {std::move(builder).build(), {.keys = kKeys, .value_size = value_size}};
}

TEST(SteadyState, AllocatesNothingForStatelessOperators) {
    StreamsBuilder builder;
    builder.stream<std::int64_t, std::int64_t>("in")
        .filter([](const std::int64_t& value) { return value != 0; })
        .map_values([](const std::int64_t& value) { return value + 1; })
        .select_key([](const std::int64_t&, const std::int64_t& value) { return value; })
        .peek([](const std::int64_t&, const std::int64_t&) {})
        .to("out");
    RunningTask task = running(std::move(builder));

    EXPECT_EQ(allocations_of(task), 0U);
    EXPECT_EQ(task.sent(), static_cast<std::uint64_t>(kWarmUp + kRecords));
}

TEST(SteadyState, AllocatesNothingToRelayStrings) {
    StreamsBuilder builder;
    builder.stream<std::optional<std::string>, std::optional<std::string>>("in").to("out");
    RunningTask task = running(std::move(builder), 100);

    EXPECT_EQ(allocations_of(task), 0U);
    EXPECT_EQ(task.sent(), static_cast<std::uint64_t>(kWarmUp + kRecords));
}

StreamsBuilder counting() {
    StreamsBuilder builder;
    builder.stream<std::int64_t, std::string>("in")
        .group_by_key()
        .count({.store = "counts"})
        .to_stream()
        .to("out");
    return builder;
}

TEST(SteadyState, AllocatesNothingToCountInTheRecordCache) {
    RunningTask task = running(counting(), 100);

    EXPECT_EQ(allocations_of(task), 0U);
    EXPECT_EQ(task.sent(), 0U) << "the cache has flushed something";
}

TEST(SteadyState, CountingAllocatesNothingAfterACommit) {
    RunningTask task = running(counting(), 100);
    for (int commits = 0; commits < 3; ++commits) {
        task.run(kWarmUp);
        task.commit();
    }

    EXPECT_EQ(allocations_of(task), 0U);
    EXPECT_GE(task.sent(), static_cast<std::uint64_t>(2 * kKeys)) << "nothing was committed";
}

TEST(SteadyState, AllocationsOfTheApplicationAreCounted) {
    StreamsBuilder builder;
    builder.stream<std::int64_t, std::int64_t>("in")
        .map_values([](const std::int64_t& value) {
            return std::string(100, 'v') += static_cast<char>(value);
        })
        .to("out");
    RunningTask task = running(std::move(builder));

    EXPECT_GE(allocations_of(task), static_cast<std::uint64_t>(kRecords));
}

}  // namespace
}  // namespace millrace
