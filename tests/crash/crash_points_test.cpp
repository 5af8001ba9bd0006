// SPDX-License-Identifier: Apache-2.0

// Clients that crash, freeze or fail at every fail point. See docs/testing.md, "Crash points".
#include "crash/crash_run.hpp"

#include "core/fail_points.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

namespace millrace::crash {
namespace {

/// How many cases a test runs in its short form.
constexpr std::size_t kShort = 2;

const Workload& workload_of(const std::string& name) {
    for (const Workload& workload : workloads()) {
        if (workload.name == name) {
            return workload;
        }
    }
    throw std::invalid_argument("no workload " + name);
}

std::string setting(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/// The end of a log.
std::string tail_of(const std::string& log) {
    constexpr std::size_t kShown = 6000;
    return log.size() <= kShown ? log : "..." + log.substr(log.size() - kShown);
}

/// A run without a failure.
const Outcome& undisturbed(const Workload& workload, ProcessingGuarantee guarantee) {
    static std::map<std::pair<std::string, ProcessingGuarantee>, Outcome> known;
    const std::pair key{workload.name, guarantee};
    const auto found = known.find(key);
    return found != known.end() ? found->second : known[key] = run(workload, guarantee, {});
}

/// Whether the point was reached.
bool expect_no_loss(const Case& which) {
    const Workload& workload = workload_of(which.workload);
    const Outcome outcome = run(workload, which.guarantee, which);
    std::vector<std::string> problems = outcome.problems;
    for (std::string& difference :
         differences(workload, which.guarantee,
                     undisturbed(workload, ProcessingGuarantee::kExactlyOnceV2), outcome)) {
        problems.push_back(std::move(difference));
    }
    if (!problems.empty()) {
        std::string text;
        for (const std::string& problem : problems) {
            text += "  " + problem + "\n";
        }
        ADD_FAILURE() << "MILLRACE_CRASH_CASE=" << to_string(which)
                      << " crash_tests --gtest_filter=CrashPoints.OneCase\n"
                      << text << tail_of(outcome.log);
    }
    return outcome.fired;
}

TEST(CrashPoints, OneCase) {
    const std::string text = setting("MILLRACE_CRASH_CASE");
    if (text.empty()) {
        GTEST_SKIP() << "for one case: MILLRACE_CRASH_CASE=workload:guarantee:point:failure:hit";
    }
    EXPECT_TRUE(expect_no_loss(parse_case(text))) << "not reached";
}

/// Cases that have failed before, whichever the rotation of the others selects.
TEST(CrashPoints, ThatHaveFailedBefore) {
    for (const char* text : {"counts:exactly_once_v2:open.made:throw:5",
                             "counts:exactly_once_v2:database.opened:throw:1"}) {
        EXPECT_TRUE(expect_no_loss(parse_case(text))) << "not reached: " << text;
    }
}

constexpr ProcessingGuarantee kGuarantees[] = {ProcessingGuarantee::kExactlyOnceV2,
                                               ProcessingGuarantee::kAtLeastOnce};

TEST(CrashPoints, AreAllReachedWithoutAFailure) {
    std::set<std::size_t> reached;
    for (const Workload& workload : workloads()) {
        for (const auto guarantee : kGuarantees) {
            const Outcome& outcome = undisturbed(workload, guarantee);
            EXPECT_THAT(outcome.problems, ::testing::IsEmpty()) << workload.name << "\n"
                                                                << tail_of(outcome.log);
            for (std::size_t point = 0; point < fail_points::kCount; ++point) {
                if (outcome.hits.at(point) > 0) {
                    reached.insert(point);
                }
            }
        }
    }
    for (std::size_t point = 0; point < fail_points::kCount; ++point) {
        EXPECT_TRUE(reached.contains(point)) << fail_points::kNames[point].text;
    }
}

/// Chooses the cases of the short form, and the random hits.
std::uint64_t seed() {
    const std::string given = setting("MILLRACE_CRASH_SEED");
    return given.empty() ? 1 : std::stoull(given);
}

using Parameters = std::tuple<std::size_t, ProcessingGuarantee, Failure>;

class CrashPointsOf : public ::testing::TestWithParam<Parameters> {
  protected:
    static bool possible(const fail_points::Name& point, Failure failure) {
        return failure != Failure::kError || point.request;
    }

    /// The first, the second, and any other one.
    std::vector<std::uint64_t> hits_of(std::uint64_t reached) {
        std::vector<std::uint64_t> hits;
        for (std::uint64_t hit = 1; hit <= std::min<std::uint64_t>(reached, 2); ++hit) {
            hits.push_back(hit);
        }
        if (reached > 2) {
            hits.push_back(std::uniform_int_distribution<std::uint64_t>(3, reached)(random_));
        }
        return hits;
    }

    /// All cases, in random order.
    std::vector<Case> cases() {
        const auto [number, guarantee, failure] = GetParam();
        const Workload& workload = workloads().at(number);
        const auto& reached = undisturbed(workload, guarantee).hits;
        std::vector<Case> all;
        for (std::size_t point = 0; point < fail_points::kCount; ++point) {
            if (possible(fail_points::kNames[point], failure)) {
                for (const std::uint64_t hit : hits_of(reached.at(point))) {
                    all.push_back({workload.name, guarantee,
                                   std::string(fail_points::kNames[point].text), failure, hit});
                }
            }
        }
        std::shuffle(all.begin(), all.end(), random_);
        return all;
    }

    std::mt19937_64 random_{seed()};
};

TEST_P(CrashPointsOf, LoseAndDoubleNothing) {
    std::vector<Case> all = cases();
    const std::size_t possible = all.size();
    if (setting("MILLRACE_CRASH_POINTS") != "all") {
        all.resize(std::min(all.size(), kShort));
    }
    std::size_t reached = 0;
    for (const Case& which : all) {
        SCOPED_TRACE(to_string(which));
        const bool fired = expect_no_loss(which);
        reached += fired ? 1 : 0;
        if (setting("MILLRACE_CRASH_POINTS") == "all") {
            std::cout << to_string(which) << (fired ? "" : " not reached") << std::endl;
        }
    }
    std::cout << reached << " of " << all.size() << " cases reached their point; " << possible
              << " are possible" << std::endl;
}

std::vector<Parameters> parameters() {
    std::vector<Parameters> all;
    for (std::size_t workload = 0; workload < workloads().size(); ++workload) {
        for (const auto guarantee : kGuarantees) {
            for (const auto failure : {Failure::kCrash, Failure::kThrow, Failure::kError,
                                       Failure::kDelay, Failure::kFreeze}) {
                // A frozen client with at-least-once may overwrite the work of its successor.
                if (failure != Failure::kFreeze ||
                    guarantee == ProcessingGuarantee::kExactlyOnceV2) {
                    all.emplace_back(workload, guarantee, failure);
                }
            }
        }
    }
    return all;
}

std::string name_of(const ::testing::TestParamInfo<Parameters>& test) {
    const auto& [workload, guarantee, failure] = test.param;
    return workloads().at(workload).name + "_" + to_string(guarantee) + "_" + to_string(failure);
}

INSTANTIATE_TEST_SUITE_P(Embedded, CrashPointsOf, ::testing::ValuesIn(parameters()), name_of);

}  // namespace
}  // namespace millrace::crash
