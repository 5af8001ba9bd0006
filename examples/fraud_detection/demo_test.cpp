// SPDX-License-Identifier: Apache-2.0

// Runs the program as a user would.
#include "expected.hpp"
#include "report.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <sstream>
#include <string>

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Run {
    int exit_code = -1;
    std::string output;
};

// Standard output and standard error.
Run run_program(const std::string& arguments) {
    Run run;
    FILE* pipe =
        ::popen((std::string(FRAUD_DETECTION_PROGRAM) + " " + arguments + " 2>&1").c_str(), "r");
    if (pipe == nullptr) {
        return run;
    }
    std::array<char, 4096> chunk{};
    while (std::fgets(chunk.data(), static_cast<int>(chunk.size()), pipe) != nullptr) {
        run.output += chunk.data();
    }
    const int status = ::pclose(pipe);
    run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return run;
}

// The number after `name` at the start of a line, or -1.
std::int64_t number_of(const std::string& name, const std::string& output) {
    std::istringstream lines(output);
    std::int64_t number = -1;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(name + " ")) {
            number = std::stoll(line.substr(name.size() + 1));
        }
    }
    return number;
}

void expect_summary(const std::string& output, const fraud::Summary& expected) {
    EXPECT_EQ(number_of("payments", output), static_cast<std::int64_t>(expected.payments));
    EXPECT_EQ(number_of("high-risk", output), static_cast<std::int64_t>(expected.high_risk));
    EXPECT_EQ(number_of("velocity-alerts", output),
              static_cast<std::int64_t>(expected.velocity_alerts));
    EXPECT_EQ(number_of("model-alerts", output), static_cast<std::int64_t>(expected.model_alerts));
    EXPECT_EQ(number_of("dead-letters", output), static_cast<std::int64_t>(expected.dead_letters));
}

TEST(FraudDetectionDemo, MatchesAnIndependentComputation) {
    const auto expected = fraud::expect({.seed = 7}, 8000);

    const auto run = run_program("--seed 7 --payments 8000 --rate 0 --threads 2 --partitions 4");

    EXPECT_EQ(run.exit_code, 0) << run.output;
    expect_summary(run.output, fraud::summary_of(expected));
    EXPECT_GT(number_of("rate", run.output), 0) << run.output;
    EXPECT_THAT(run.output, HasSubstr("\nvelocity  card-"));
    EXPECT_THAT(run.output, HasSubstr("\nmodel     card-"));
}

TEST(FraudDetectionDemo, DoesNotDependOnTheDistributionOfPayments) {
    const auto expected = fraud::summary_of(fraud::expect({.seed = 8, .cards = 2000}, 5000));

    for (const char* spread : {"--threads 1 --partitions 1", "--threads 3 --partitions 11"}) {
        const auto run = run_program("--quiet --seed 8 --cards 2000 --payments 5000 --rate 0 " +
                                     std::string(spread));
        EXPECT_EQ(run.exit_code, 0) << run.output;
        expect_summary(run.output, expected);
        EXPECT_THAT(run.output, Not(HasSubstr("card-"))) << "--quiet prints no alerts";
    }
}

TEST(FraudDetectionDemo, PrintsTheExpectedResults) {
    const auto run = run_program("--seed 7 --payments 3000 --expect");

    EXPECT_EQ(run.exit_code, 0) << run.output;
    expect_summary(run.output, fraud::summary_of(fraud::expect({.seed = 7}, 3000)));
}

TEST(FraudDetectionDemo, RefusesAWrongSettingByItsName) {
    const auto run = run_program("--payments 10 --config num.stream.treads=2");

    EXPECT_NE(run.exit_code, 0);
    EXPECT_THAT(run.output, HasSubstr("num.stream.threads"));
}

}  // namespace
