// SPDX-License-Identifier: Apache-2.0
#include "assignment/subscription_info.hpp"

#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

namespace millrace::assignment {
namespace {

using ::testing::HasSubstr;

/// The bytes of the example of that name in the format's page.
Bytes documented(const std::string& example) {
    std::ifstream in(std::string(MILLRACE_SOURCE_DIR) + "/docs/formats/subscription-info.md");
    std::string line;
    while (std::getline(in, line) && line != "```hex " + example) {
    }
    std::getline(in, line);
    std::erase(line, ' ');
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
    }
    return bytes;
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

TEST(SubscriptionInfo, SaysWhichSideToUpdateWhenTheVersionIsNewer) {
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
