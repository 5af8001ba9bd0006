// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/batch_limits.hpp"

#include "kafka/client_supplier.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/forwarding_admin.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using kafka::ErrorCode;
using ::testing::ElementsAre;
using ::testing::Optional;

using Names = std::vector<std::string>;

/// Stores its calls. Returns no limits for topics that are not authorized, or while it is down.
class AskedAdmin final : public support::ForwardingAdmin {
  public:
    using ForwardingAdmin::ForwardingAdmin;

    kafka::Result<std::vector<kafka::Result<std::int64_t>>> largest_batches(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override {
        asked.emplace_back(names.begin(), names.end());
        if (down) {
            return kafka::Status(ErrorCode::kTimedOut, "no answer", {.retriable = true});
        }
        auto limits = ForwardingAdmin::largest_batches(names, timeout);
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (names[i].starts_with("secret")) {
                limits.value()[i] = kafka::Status(ErrorCode::kAuthorization, names[i]);
            }
        }
        return limits;
    }

    bool down = false;
    std::vector<Names> asked;
};

class BatchLimitsTest : public ::testing::Test {
  protected:
    BatchLimitsTest() {
        broker.create_topic("usual");
        create("narrow", "1000");
    }

    void create(const std::string& name, const std::string& limit) {
        broker.create_topic(name, 1, {{"max.message.bytes", limit}});
    }

    testing::EmbeddedBroker broker;
    std::unique_ptr<kafka::Admin> embedded = broker.clients()->make_admin({});
    AskedAdmin admin{*embedded};
    ManualClock clock;
    BatchLimits limits{admin, clock, 1s};
};

TEST_F(BatchLimitsTest, RequestsAllTopicsTogetherAndOnce) {
    create("narrower", "500");

    EXPECT_THAT(limits.smallest(Names{"usual", "narrow"}), Optional(1000));
    EXPECT_THAT(limits.smallest(Names{"usual"}), Optional(1'048'588));
    EXPECT_THAT(limits.smallest(Names{"usual", "narrower", "narrow"}), Optional(500));
    EXPECT_THAT(admin.asked, ElementsAre(Names{"usual", "narrow"}, Names{"narrower"}));
}

TEST_F(BatchLimitsTest, RequestsTopicsThatDoNotExistYetAgain) {
    EXPECT_EQ(limits.smallest(Names{"later"}), std::nullopt);
    create("later", "700");

    EXPECT_THAT(limits.smallest(Names{"later"}), Optional(700));
}

TEST_F(BatchLimitsTest, AcceptsThatItIsNotAuthorized) {
    create("secret", "100");

    EXPECT_THAT(limits.smallest(Names{"narrow", "secret"}), Optional(1000));
    EXPECT_EQ(limits.smallest(Names{"secret"}), std::nullopt);
    EXPECT_EQ(limits.present("secret"), std::nullopt);
    EXPECT_THAT(admin.asked, ElementsAre(Names{"narrow", "secret"}));
}

TEST_F(BatchLimitsTest, PausesRequestsToAClusterThatDoesNotRespond) {
    admin.down = true;
    EXPECT_EQ(limits.smallest(Names{"narrow"}), std::nullopt);
    admin.down = false;
    EXPECT_EQ(limits.smallest(Names{"narrow"}), std::nullopt);
    clock.advance(30s);

    EXPECT_THAT(limits.smallest(Names{"narrow"}), Optional(1000));
    EXPECT_THAT(admin.asked, ElementsAre(Names{"narrow"}, Names{"narrow"}));
}

TEST_F(BatchLimitsTest, DetectsAChangedLimitOnlyOnRequest) {
    limits.smallest(Names{"narrow"});
    broker.delete_topic("narrow");
    create("narrow", "2000");

    EXPECT_THAT(limits.smallest(Names{"narrow"}), Optional(1000));
    EXPECT_THAT(limits.present("narrow"), Optional(2000));
    EXPECT_THAT(limits.smallest(Names{"narrow"}), Optional(2000));
}

}  // namespace
}  // namespace millrace::runtime
