// SPDX-License-Identifier: Apache-2.0
#include "assignment/subscription_info.hpp"

#include "millrace/core/error.hpp"
#include "support/documented_bytes.hpp"
#include "support/next_version.hpp"

#include <gmock/gmock.h>

#include <utility>

namespace millrace::assignment {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Bytes documented(const std::string& example) {
    return millrace::testing::documented_bytes("subscription-info.md", example);
}

SubscriptionInfo first_version(SubscriptionInfo info) {
    info.reads = 1;
    return info;
}

const SubscriptionInfo kSubscriptionExample{.process_id = "p",
                                            .thread_name = "t",
                                            .active = {{1, 3}},
                                            .standby = {{1, 4}},
                                            .on_disk = {{{1, 3}, 0}, {{2, 0}, kUnknownLag}},
                                            .sizes = {{{1, 3}, 70}},
                                            .client_tags = {{"zone", "a"}},
                                            .endpoint = "h:1",
                                            .transactional_ids = {"x"}};
const AssignmentInfo kAssignmentExample{.active = {{1, 3}},
                                        .standby = {{1, 4}},
                                        .next_probing = 1min,
                                        .awaited = {{1, 4}},
                                        .acceptable_lag = 10,
                                        .departed = {"y"},
                                        .leader = {"x", "z"}};
const SubscriptionInfo kFirstSubscription =
    first_version({.process_id = "p", .thread_name = "t", .active = {{1, 3}}});
const AssignmentInfo kFirstAssignment{.active = {{1, 3}}, .version = 1};

TEST(SubscriptionInfo, IsWrittenAsDocumented) {
    EXPECT_EQ(encode(kSubscriptionExample), documented("subscription"));
    EXPECT_EQ(encode(kAssignmentExample), documented("assignment"));
    EXPECT_EQ(encode(kFirstSubscription, 1), documented("subscription-1"));
    EXPECT_EQ(encode(kFirstAssignment), documented("assignment-1"));
}

TEST(SubscriptionInfo, IsReadAsDocumented) {
    EXPECT_EQ(decode_subscription(documented("subscription")), kSubscriptionExample);
    EXPECT_EQ(decode_assignment(documented("assignment")), kAssignmentExample);
    EXPECT_EQ(decode_subscription(documented("subscription-1")), kFirstSubscription);
    EXPECT_EQ(decode_assignment(documented("assignment-1")), kFirstAssignment);
}

TEST(SubscriptionInfo, WritesTheFirstVersionForALeaderThatReadsNoOther) {
    const SubscriptionInfo read = decode_subscription(encode(kSubscriptionExample, 1));

    EXPECT_EQ(read.active, kSubscriptionExample.active);
    EXPECT_EQ(read.on_disk, (TaskLags{{{1, 3}, kUnknownLag}, {{2, 0}, kUnknownLag}}));
    EXPECT_EQ(read.reads, 2) << "and says that it reads the second version, too";
}

TEST(SubscriptionInfo, SkipsWhatNewerVersionsAdd) {
    const support::NextVersion next;

    SubscriptionInfo subscription = decode_subscription(next.of(encode(kSubscriptionExample)));
    AssignmentInfo assignment = decode_assignment(next.of(encode(kAssignmentExample)));

    EXPECT_EQ(std::exchange(subscription.reads, kFormatVersion), kFormatVersion + 1);
    EXPECT_EQ(subscription, kSubscriptionExample);
    EXPECT_EQ(std::exchange(assignment.version, kFormatVersion), kFormatVersion + 1);
    EXPECT_EQ(assignment, kAssignmentExample);
}

TEST(SubscriptionInfo, RefusesEveryTruncationOfTheFirstVersion) {
    const Bytes bytes = encode(kSubscriptionExample, 1);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_THROW(decode_subscription(BytesView(bytes).substr(0, size)), SerdeError) << size;
    }
    EXPECT_THROW(decode_subscription(bytes + "x"), SerdeError);
}

/// The fields of a subscription, whose header has nine bytes.
Bytes with_fields(const Bytes& fields) {
    return encode(kSubscriptionExample).substr(0, 9) + fields;
}

TEST(SubscriptionInfo, RefusesDamagedFields) {
    const Bytes bytes = encode(kSubscriptionExample);
    int refused = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        try {
            decode_subscription(BytesView(bytes).substr(0, size));
        } catch (const SerdeError&) {
            ++refused;
        }
    }
    EXPECT_EQ(refused, static_cast<int>(bytes.size()) - 10) << "all but those between two fields";

    const Bytes flags("\0\1\0\0\0\1\0", 7);
    EXPECT_NO_THROW(decode_subscription(with_fields(flags)));
    EXPECT_THROW(decode_subscription(with_fields(flags + flags)), SerdeError) << "twice";
    EXPECT_THROW(decode_subscription(with_fields(Bytes("\0\0\0\0\0\0", 6))), SerdeError) << "0";
    EXPECT_THROW(decode_subscription(with_fields(Bytes("\0\4\0\0\0\4\1\0\0\0", 10))), SerdeError)
        << "more tasks than bytes";
}

TEST(SubscriptionInfo, CutsATextThatIsTooLong) {
    const SubscriptionInfo read = decode_subscription(
        encode(SubscriptionInfo{.process_id = "p", .thread_name = std::string(70'000, 't')}));

    EXPECT_EQ(read.process_id, "p");
    EXPECT_EQ(read.thread_name, std::string(65'535, 't'));
}

TEST(SubscriptionInfo, ReportsWhichSideToUpdateWhenItCannotBeRead) {
    Bytes bytes = encode(kSubscriptionExample);
    bytes[6] = 9;
    EXPECT_NO_THROW(decode_subscription(bytes));
    bytes[8] = 8;

    try {
        decode_subscription(bytes);
        FAIL() << "accepted";
    } catch (const SerdeError& error) {
        EXPECT_THAT(error.what(), HasSubstr("update this instance"));
        EXPECT_THAT(error.what(), HasSubstr("version 9, readable from version 8, known up to 2"));
    }
    bytes[8] = 10;
    EXPECT_THROW(decode_subscription(bytes), SerdeError) << "not readable by its writer";
}

}  // namespace
}  // namespace millrace::assignment
