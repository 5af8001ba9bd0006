// SPDX-License-Identifier: Apache-2.0
#include "topology/semantics/timelines.hpp"

#include <gmock/gmock.h>

namespace millrace::semantics {
namespace {

auto input(StreamsBuilder& builder) {
    return builder.stream<Text, Text>("in").group_by_key();
}

void final_counts(StreamsBuilder& builder) {
    const auto in = input(builder);
    const auto finals =
        in.windowed_by(TimeWindows::of(10ms).grace(5ms)).count().suppress(UntilWindowCloses{});
    finals.to_stream_by([](const Windowed<Text>& window, std::int64_t) { return label(window); })
        .map_values([](std::int64_t count) { return show(count); })
        .to("out");
}

void final_sessions(StreamsBuilder& builder) {
    const auto in = input(builder);
    const auto finals =
        in.windowed_by(SessionWindows::of(10ms)).count().suppress(UntilWindowCloses{});
    finals
        .to_stream_by([](const SessionWindowed<Text>& session, std::int64_t) {
            return closed_label({session.key, {session.window.start, session.window.end}});
        })
        .map_values([](std::int64_t count) { return show(count); })
        .to("out");
}

void time_limit(StreamsBuilder& builder) {
    const auto table = builder.table<Text, Text>("in");
    table.suppress(UntilTimeLimit{.limit = 10ms}).to_stream().to("out");
}

void full(StreamsBuilder& builder) {
    const auto table = builder.table<Text, Text>("in");
    table.suppress(UntilTimeLimit{.limit = 1h, .max_records = 1}).to_stream().to("out");
}

TEST(SemanticsOfSuppression, AreAsDocumented) {
    expect_page("suppression", {{"final-counts", final_counts},
                                {"final-sessions", final_sessions},
                                {"time-limit", time_limit},
                                {"full", full}});
}

}  // namespace
}  // namespace millrace::semantics
