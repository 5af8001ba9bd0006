// SPDX-License-Identifier: Apache-2.0
#include "client/settings/restore_settings.hpp"

#include "client/settings/client_settings.hpp"
#include "core/thread.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace millrace::client {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Pair;

TEST(RestoreSettings, HalfOfTheCoresRestoreByDefault) {
    EXPECT_EQ(restore_threads({}), std::max(1, Thread::cores() / 2));
    EXPECT_EQ(restore_threads({.restore_threads = 7}), 7);
}

TEST(RestoreSettings, TheThreadsShareTheBuffer) {
    const RestoreBuffer one = restore_buffer({.restore_threads = 1});
    EXPECT_EQ(one.changelogs, 8U);
    EXPECT_EQ(one.fetch_bytes, 1U << 20);

    const RestoreBuffer two = restore_buffer({.restore_threads = 2});
    EXPECT_EQ(two.changelogs, 4U);
    EXPECT_EQ(two.fetch_bytes, 1U << 20);

    const RestoreBuffer many = restore_buffer({.restore_threads = 32});
    EXPECT_EQ(many.changelogs, 2U);
    EXPECT_EQ(many.fetch_bytes, 128U << 10);
}

TEST(RestoreSettings, TheConsumersGetTheLimits) {
    const StreamsConfig config{.application_id = "app", .restore_threads = 2};
    EXPECT_THAT(client_settings(config, Role::kRestoreConsumer, "c"),
                AllOf(Contains(Pair("fetch.message.max.bytes", "1048576")),
                      Contains(Pair("fetch.max.bytes", "4194304")),
                      Contains(Pair("queued.max.messages.kbytes", "1024"))));
}

TEST(RestoreSettings, TheApplicationsOwnLimitsOfTheConsumersWin) {
    StreamsConfig config{.application_id = "app", .restore_threads = 2};
    config.set("restore.consumer.queued.max.messages.kbytes", "99");
    EXPECT_THAT(client_settings(config, Role::kRestoreConsumer, "c"),
                Contains(Pair("queued.max.messages.kbytes", "99")));
}

}  // namespace
}  // namespace millrace::client
