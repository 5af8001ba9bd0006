// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

TEST(WordCountProgram, CountsStandardInput) {
    const std::string command =
        "printf 'to be\\nor not to be\\n' | " + std::string(WORD_COUNT_PROGRAM);
    FILE* pipe = ::popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string output;
    std::array<char, 256> chunk{};
    while (std::fgets(chunk.data(), static_cast<int>(chunk.size()), pipe) != nullptr) {
        output += chunk.data();
    }

    EXPECT_EQ(::pclose(pipe), 0);
    EXPECT_EQ(output, "be 2\nnot 1\nor 1\nto 2\n");
}

}  // namespace
