// SPDX-License-Identifier: Apache-2.0
#include "topology/semantics/timelines.hpp"

#include "topology/driver.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace millrace::semantics {
namespace {

struct Timeline {
    std::string program;
    std::vector<std::string> steps;
};

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(' ');
    return first == std::string::npos ? ""
                                      : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<Timeline> timelines_of(const std::string& page) {
    std::ifstream file(std::string(MILLRACE_SOURCE_DIR) + "/docs/semantics/" + page + ".md");
    std::vector<Timeline> timelines;
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("```timeline ")) {
            timelines.push_back({trimmed(line.substr(12)), {}});
            inside = true;
        } else if (line.starts_with("```")) {
            inside = false;
        } else if (inside) {
            line = trimmed(line.substr(0, line.find('#')));
            if (!line.empty()) {
                timelines.back().steps.push_back(line);
            }
        }
    }
    return timelines;
}

std::vector<std::string> split(const std::string& text) {
    // Labels of windows contain commas, too, but without a space after them.
    std::vector<std::string> parts;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find(", ", begin), text.size());
        parts.push_back(trimmed(text.substr(begin, end - begin)));
        begin = end + 2;
    }
    return parts;
}

MaybeText maybe(const std::string& text) {
    return text == "-" ? std::nullopt : MaybeText(text);
}

void take_step(Program& run, const std::string& step) {
    static const std::regex clock(R"(wall clock \+(\d+))");
    static const std::regex record(R"((\S+) +([^=\s]+)=([^@\s]+)@(\d+))");
    std::smatch parts;
    if (std::regex_match(step, parts, clock)) {
        run.driver().advance_wall_clock(std::chrono::milliseconds(std::stoll(parts[1])));
    } else if (std::regex_match(step, parts, record)) {
        run.pipe(parts[1], maybe(parts[2]), maybe(parts[3]), std::stoll(parts[4]));
    } else {
        FAIL() << "no step of a timeline: " << step;
    }
}

void expect_timeline(const Timeline& timeline, const Build& program) {
    Program run(program);
    for (const std::string& line : timeline.steps) {
        SCOPED_TRACE(line);
        const std::size_t arrow = line.find("->");
        ASSERT_NE(arrow, std::string::npos) << "what comes out?";
        take_step(run, trimmed(line.substr(0, arrow)));
        EXPECT_EQ(run.lines("out"), split(trimmed(line.substr(arrow + 2))));
    }
}

std::string bounds(const Windowed<Text>& window, char last) {
    return window.key + "[" + std::to_string(milliseconds_of(window.window.start)) + "," +
           std::to_string(milliseconds_of(window.window.end)) + last;
}

}  // namespace

void expect_page(const std::string& page, const std::map<std::string, Build>& programs) {
    std::set<std::string> unused;
    for (const auto& [name, program] : programs) {
        unused.insert(name);
    }
    for (const Timeline& timeline : timelines_of(page)) {
        SCOPED_TRACE(timeline.program);
        ASSERT_TRUE(programs.contains(timeline.program)) << "no such program";
        EXPECT_FALSE(timeline.steps.empty());
        expect_timeline(timeline, programs.at(timeline.program));
        unused.erase(timeline.program);
    }
    EXPECT_THAT(unused, ::testing::IsEmpty()) << "programs that no timeline uses";
}

Text label(const Windowed<Text>& window) {
    return bounds(window, ')');
}

Text closed_label(const Windowed<Text>& window) {
    return bounds(window, ']');
}

}  // namespace millrace::semantics
