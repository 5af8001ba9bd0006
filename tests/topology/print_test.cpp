// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Stores its lines.
LineWriter keeping(std::vector<std::string>& lines) {
    return [&lines](std::string_view line) { lines.emplace_back(line); };
}

TEST(Print, WritesALineForEachRecordAfterTheNameOfTheStream) {
    std::vector<std::string> lines;
    Program run([&lines](StreamsBuilder& builder) {
        builder.stream<MaybeText, MaybeText>("in")
            .filter([](const MaybeText& value) { return value != "no"; }, {.name = "filtered"})
            .print({.write = keeping(lines)});
    });
    run.pipe("in", "a", "x", 1);
    run.pipe("in", "a", "no", 2);
    run.pipe("in", {}, {}, 3);

    EXPECT_THAT(lines, ElementsAre("[filtered]: a, x", "[filtered]: null, null"));
}

TEST(Print, UsesTheGivenLabelAndText) {
    std::vector<std::string> lines;
    Program run([&lines](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in").print(
            {.label = "mine",
             .text = [](const Text& key, const Text& value) { return value + " of " + key; },
             .write = keeping(lines)});
    });
    run.pipe("in", "a", "x", 1);

    EXPECT_THAT(lines, ElementsAre("[mine]: x of a"));
}

TEST(Print, WritesNumbersAndWindowsLikeKafkaStreams) {
    std::vector<std::string> lines;
    Program run([&lines](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of(10ms).grace(0ms))
            .count()
            .to_stream({.name = "counts"})
            .print({.write = keeping(lines)});
    });
    run.pipe("in", "a", "x", 15);

    EXPECT_THAT(lines, ElementsAre("[counts]: [a@10/20], 1"));
}

TEST(Print, EndsTheStreamWithTheGivenName) {
    const auto text = described([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in").print({.name = "printer"});
    });

    EXPECT_THAT(text, HasSubstr("Processor: printer (stores: [])\n      --> none\n"));
}

TEST(Print, WritesToTheStandardOutputByDefault) {
    Program run(
        [](StreamsBuilder& builder) { builder.stream<Text, Text>("in").print({.label = "in"}); });
    ::testing::internal::CaptureStdout();
    run.pipe("in", "a", "x", 1);

    EXPECT_EQ(::testing::internal::GetCapturedStdout(), "[in]: a, x\n");
}

std::string content_of(const std::filesystem::path& file) {
    std::ifstream input(file);
    return {std::istreambuf_iterator<char>(input), {}};
}

TEST(Print, TruncatesAFileAndWritesEachLineAtOnce) {
    const testing::TemporaryDirectory folder;
    const std::filesystem::path file = folder.path() / "lines.txt";
    std::ofstream(file) << "what was before\n";
    Program run([&file](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in").print({.label = "in", .write = lines_to_file(file)});
    });
    EXPECT_EQ(content_of(file), "");
    run.pipe("in", "a", "x", 1);

    EXPECT_EQ(content_of(file), "[in]: a, x\n");
}

TEST(Print, ReportsWhenAFileCannotBeWritten) {
    EXPECT_THAT([] { lines_to_file("/nowhere/lines.txt"); },
                ::testing::ThrowsMessage<TopologyError>(
                    HasSubstr("a stream cannot be printed to a file: cannot open "
                              "/nowhere/lines.txt: No such file or directory")));
}

struct Opaque {};
struct Point {
    int x = 0;
};
std::string to_string(const Point& point) {
    return "x" + std::to_string(point.x);
}

TEST(Print, RequiresATextForTypesWithout) {
    StreamsBuilder builder;
    const auto opaque = builder.stream<Text, Text>("in", {}).map_values(
        [](const Text&) { return Opaque{}; }, {.name = "opaque"});

    EXPECT_THAT([&] { opaque.print(); },
                ::testing::ThrowsMessage<TopologyError>(
                    HasSubstr("stream opaque cannot be printed: keys of type std::")));
    EXPECT_NO_THROW(opaque.print({.text = [](const Text&, const Opaque&) { return Text(); }}));
    EXPECT_THAT(
        [&] {
            opaque.print({.text = [](const Text&, const Opaque&) { return Text(); }, .write = {}});
        },
        ::testing::ThrowsMessage<TopologyError>(HasSubstr("without a writer of lines")));
}

TEST(Print, UsesTheToStringOfAUserDefinedType) {
    std::vector<std::string> lines;
    Program run([&lines](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .map_values([](const Text&) { return Point{4}; }, {.name = "points"})
            .print({.write = keeping(lines)});
    });
    run.pipe("in", "a", "x", 1);

    EXPECT_THAT(lines, ElementsAre("[points]: a, x4"));
}

}  // namespace
}  // namespace millrace
