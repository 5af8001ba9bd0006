// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

std::string output_of(const std::string& arguments) {
    const std::string command = std::string(PAGE_VIEWS_PROGRAM) + " " + arguments;
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) {
        return "cannot be started";
    }
    std::string output;
    std::array<char, 256> chunk{};
    while (std::fgets(chunk.data(), static_cast<int>(chunk.size()), pipe) != nullptr) {
        output += chunk.data();
    }
    return ::pclose(pipe) == 0 ? output : "failed: " + output;
}

TEST(PageViewsProgram, IsDeterministic) {
    const std::string output = output_of("--views 500 --seed 7");

    EXPECT_THAT(output, ::testing::ContainsRegex("^[1-9][0-9]* visits are over\nAnn "));
    EXPECT_EQ(output_of("--views 500 --seed 7"), output);
    EXPECT_NE(output_of("--views 500 --seed 8"), output);
}

}  // namespace
