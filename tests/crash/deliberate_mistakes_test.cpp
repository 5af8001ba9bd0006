// SPDX-License-Identifier: Apache-2.0

// The checks of crash points find deliberate mistakes.
#include "crash/crash_run.hpp"

#include <gmock/gmock.h>

namespace millrace::crash {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

struct Example {
    std::string name;
    Mistake mistake;
    ProcessingGuarantee guarantee;
    std::string point;
    Failure failure;
    std::string found;  ///< In one of the problems.
};

class DeliberateMistakes : public ::testing::TestWithParam<Example> {};

TEST_P(DeliberateMistakes, AreFound) {
    const Example& example = GetParam();
    const Workload& counts = workloads().front();
    const Outcome expected = run(counts, ProcessingGuarantee::kExactlyOnceV2, {});
    ASSERT_THAT(expected.problems, ::testing::IsEmpty());
    std::vector<std::string> problems;
    for (std::uint64_t hit = 1; hit <= 4; ++hit) {
        const Case which{counts.name, example.guarantee, example.point, example.failure, hit};
        const Outcome outcome = run(counts, example.guarantee, which, example.mistake);
        problems = outcome.problems;
        for (std::string& difference : differences(counts, example.guarantee, expected, outcome)) {
            problems.push_back(std::move(difference));
        }
        if (!problems.empty()) {
            break;
        }
    }
    EXPECT_THAT(problems, Contains(HasSubstr(example.found)));
}

constexpr auto kExactlyOnce = ProcessingGuarantee::kExactlyOnceV2;
constexpr auto kAtLeastOnce = ProcessingGuarantee::kAtLeastOnce;

constexpr auto kCrash = Failure::kCrash;

INSTANTIATE_TEST_SUITE_P(
    Each, DeliberateMistakes,
    ::testing::Values(Example{"FlushDoesNotWait", Mistake::kFlushDoesNotWait, kAtLeastOnce,
                              "commit.offsets_committed", kCrash, "topic relayed"},
                      Example{"OffsetsNotInTransaction", Mistake::kOffsetsNotInTransaction,
                              kExactlyOnce, "commit.applied", kCrash, "topic seen"},
                      Example{"NoOffsets", Mistake::kNoOffsets, kExactlyOnce, "commit.applied",
                              Failure::kDelay, "no progress"},
                      Example{"AbortCommits", Mistake::kAbortCommits, kExactlyOnce,
                              "commit.delivered", Failure::kThrow, "topic seen"},
                      Example{"RestoresUncommitted", Mistake::kRestoresUncommitted, kExactlyOnce,
                              "commit.delivered", kCrash, "topic seen"},
                      Example{"ChangelogNotWritten", Mistake::kChangelogNotWritten, kExactlyOnce,
                              "commit.applied", kCrash, "the store has"},
                      Example{"FilesLost", Mistake::kFilesLost, kExactlyOnce, "assign.done", kCrash,
                              "state was wiped"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace millrace::crash
