// SPDX-License-Identifier: Apache-2.0
#include "topology/semantics/timelines.hpp"

#include <gmock/gmock.h>

namespace millrace::semantics {
namespace {

auto input(StreamsBuilder& builder) {
    return builder.stream<Text, Text>("in").group_by_key();
}

/// The table's rows as text, with keys formatted by `name_of`.
template <class Table>
void send(const Table& table, Text (*name_of)(const Windowed<Text>&)) {
    table
        .to_stream_by(
            [name_of](const Windowed<Text>& window, const auto&) { return name_of(window); })
        .map_values([](const auto& value) { return show(value); })
        .to("out");
}

void tumbling_count(StreamsBuilder& builder) {
    const auto in = input(builder);
    const auto counts = in.windowed_by(TimeWindows::of(10ms).grace(5ms)).count();
    send(counts, label);
}

void hopping_count(StreamsBuilder& builder) {
    const auto in = input(builder);
    const auto counts = in.windowed_by(TimeWindows::of(10ms).grace(0ms).advance_by(5ms)).count();
    send(counts, label);
}

void sliding_count(StreamsBuilder& builder) {
    const auto in = input(builder);
    const auto counts = in.windowed_by(SlidingWindows::of(10ms).grace(50ms)).count();
    send(counts, closed_label);
}

void session_count(StreamsBuilder& builder) {
    const auto in = input(builder);
    const auto counts = in.windowed_by(SessionWindows::of(10ms).grace(20ms)).count();
    counts
        .to_stream_by([](const SessionWindowed<Text>& session, const auto&) {
            return closed_label({session.key, {session.window.start, session.window.end}});
        })
        .map_values([](const std::optional<std::int64_t>& count) {
            return count ? MaybeText(show(*count)) : std::nullopt;
        })
        .to("out");
}

void latest_of_window(StreamsBuilder& builder) {
    const auto in = input(builder);
    const auto latest =
        in.windowed_by(TimeWindows::of(10ms).grace(5ms)).reduce([](const Text&, const Text& value) {
            return value;
        });
    send(latest, label);
}

void count_on_close(StreamsBuilder& builder) {
    const auto in = input(builder);
    const auto counts = in.windowed_by(TimeWindows::of(10ms).grace(5ms))
                            .emit_strategy(EmitStrategy::kOnWindowClose)
                            .count();
    send(counts, label);
}

TEST(SemanticsOfWindows, AreAsDocumented) {
    expect_page("windows", {{"tumbling-count", tumbling_count},
                            {"hopping-count", hopping_count},
                            {"sliding-count", sliding_count},
                            {"session-count", session_count},
                            {"latest-of-window", latest_of_window},
                            {"count-on-close", count_on_close}});
}

}  // namespace
}  // namespace millrace::semantics
