// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/redaction.hpp"

#include <gtest/gtest.h>

namespace millrace::kafka {
namespace {

TEST(Redaction, KnowsSecretsByName) {
    for (const auto* name :
         {"sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem",
          "ssl.certificate.pem", "ssl.ca.pem", "sasl.oauthbearer.config",
          "sasl.oauthbearer.client.secret", "sasl.oauthbearer.client.credentials.client.secret",
          "sasl.oauthbearer.assertion.private.key.passphrase",
          "sasl.oauthbearer.assertion.private.key.pem", "some.future.TOKEN", "SASL.Password"}) {
        EXPECT_TRUE(is_secret(name)) << name;
    }
    for (const auto* name : {"bootstrap.servers", "sasl.username", "ssl.ca.location",
                             "ssl.key.location", "security.protocol", "group.id", "client.id"}) {
        EXPECT_FALSE(is_secret(name)) << name;
    }
}

TEST(Redaction, DescribesSettingsWithoutSecrets) {
    EXPECT_EQ(describe_settings({{"sasl.username", "me"},
                                 {"sasl.password", "hunter2"},
                                 {"bootstrap.servers", "a:1,b:2"}}),
              "bootstrap.servers=a:1,b:2, sasl.password=[hidden], sasl.username=me");
}

}  // namespace
}  // namespace millrace::kafka
