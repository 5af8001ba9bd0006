// SPDX-License-Identifier: Apache-2.0
#include "assignment/subscription_info.hpp"

#include "millrace/core/error.hpp"
#include "support/documented_bytes.hpp"

#include <gmock/gmock.h>

namespace millrace::assignment {
namespace {

using ::testing::HasSubstr;

Bytes documented(const std::string& example) {
    return millrace::testing::documented_bytes("subscription-info.md", example);
}

const SubscriptionInfo kSubscriptionExample{
    .process_id = "p", .thread_name = "t", .active = {{1, 3}}};
const AssignmentInfo kAssignmentExample{.active = {{1, 3}}};

TEST(SubscriptionInfo, IsWrittenAsDocumented) {
    EXPECT_EQ(encode(kSubscriptionExample), documented("subscription"));
    EXPECT_EQ(encode(kAssignmentExample), documented("assignment"));
}

TEST(SubscriptionInfo, IsReadAsDocumented) {
    EXPECT_EQ(decode_subscription(documented("subscription")), kSubscriptionExample);
    EXPECT_EQ(decode_assignment(documented("assignment")), kAssignmentExample);
}

TEST(SubscriptionInfo, RefusesEveryTruncation) {
    const Bytes bytes = encode(SubscriptionInfo{.process_id = "process",
                                                .thread_name = "thread",
                                                .active = {{0, 1}},
                                                .on_disk = {{2, 3}},
                                                .shut_down_application = true});
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_THROW(decode_subscription(BytesView(bytes).substr(0, size)), SerdeError) << size;
    }
    EXPECT_THROW(decode_subscription(bytes + "x"), SerdeError);
}

TEST(SubscriptionInfo, CutsATextThatIsTooLong) {
    const SubscriptionInfo read = decode_subscription(
        encode(SubscriptionInfo{.process_id = "p", .thread_name = std::string(70'000, 't')}));

    EXPECT_EQ(read.process_id, "p");
    EXPECT_EQ(read.thread_name, std::string(65'535, 't'));
}

TEST(SubscriptionInfo, ReportsWhichSideToUpdateWhenTheVersionIsNewer) {
    Bytes bytes = encode(kSubscriptionExample);
    bytes[6] = 2;

    try {
        decode_subscription(bytes);
        FAIL() << "accepted";
    } catch (const SerdeError& error) {
        EXPECT_THAT(error.what(), HasSubstr("update this instance"));
        EXPECT_THAT(error.what(), HasSubstr("version 2, known up to 1"));
    }
}

}  // namespace
}  // namespace millrace::assignment
