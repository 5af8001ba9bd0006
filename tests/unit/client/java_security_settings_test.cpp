// SPDX-License-Identifier: Apache-2.0

// Security settings of Java's clients: used, or refused with the settings of librdkafka.
#include "client/settings/client_settings.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/rdkafka/rd_client_supplier.hpp"
#include "millrace/client/streams_config.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace millrace {
namespace {

using client::client_settings;
using client::Role;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

struct Refused {
    std::string name;
    std::string value;
    std::string instead;
};

const std::vector<Refused> kRefused = {
    {"ssl.truststore.location", "/secret/trust.jks", "ssl.ca.location"},
    {"ssl.truststore.location", "/secret/trust.p12", "ssl.ca.location"},
    {"ssl.truststore.type", "JKS", "ssl.ca.location"},
    {"ssl.truststore.type", "PKCS12", "ssl.ca.location"},
    {"ssl.truststore.password", "secret", "ssl.ca.location"},
    {"ssl.keystore.location", "/secret/key.jks", "ssl.keystore.location"},
    {"ssl.keystore.location", "/secret/key.pem", "ssl.certificate.location"},
    {"ssl.keystore.type", "JKS", "ssl.keystore.password"},
    {"ssl.protocol", "TLSv1.3", "ssl.cipher.suites"},
    {"ssl.enabled.protocols", "TLSv1.2,TLSv1.3", "OpenSSL"},
    {"ssl.provider", "BC", "ssl.providers"},
    {"ssl.keymanager.algorithm", "SunX509", "remove it"},
    {"ssl.trustmanager.algorithm", "PKIX", "remove it"},
    {"ssl.secure.random.implementation", "SHA1PRNG", "remove it"},
    {"ssl.engine.factory.class", "com.example.Secret", "ssl.certificate.location"},
    {"sasl.jaas.config",
     "com.sun.security.auth.module.Krb5LoginModule required keyTab=\"secret\" principal=\"p\";",
     "sasl.kerberos.keytab"},
    {"sasl.jaas.config",
     "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
     "clientId=\"ada\" clientSecret=\"secret\";",
     "sasl.oauthbearer.client.id"},
    {"sasl.jaas.config", "com.example.secret required;", "sasl.username and sasl.password"},
    {"sasl.client.callback.handler.class", "com.example.Secret", "sasl.username"},
    {"sasl.login.callback.handler.class", "com.example.Secret", "sasl.oauthbearer.method=oidc"},
    {"sasl.login.class", "com.example.Secret", "sasl.username"},
    {"sasl.kerberos.ticket.renew.window.factor", "0.8", "sasl.kerberos.min.time.before.relogin"},
    {"sasl.kerberos.ticket.renew.jitter", "0.05", "sasl.kerberos.min.time.before.relogin"},
    {"sasl.login.refresh.window.factor", "0.8", "sasl.oauthbearer.method=oidc"},
    {"sasl.login.refresh.window.jitter", "0.05", "remove it"},
    {"sasl.login.refresh.min.period.seconds", "60", "remove it"},
    {"sasl.login.refresh.buffer.seconds", "300", "remove it"},
    {"sasl.login.connect.timeout.ms", "1000", "remove it"},
    {"sasl.login.read.timeout.ms", "1000", "remove it"},
    {"sasl.login.retry.backoff.ms", "100", "remove it"},
    {"sasl.login.retry.backoff.max.ms", "10000", "remove it"},
    {"sasl.oauthbearer.jwt.retriever.class", "com.example.Secret", "sasl.oauthbearer.client.id"},
    {"sasl.oauthbearer.jwt.validator.class", "com.example.Secret", "remove it"},
    {"sasl.oauthbearer.header.urlencode", "true", "remove it"},
    {"sasl.oauthbearer.assertion.template.file", "/secret",
     "sasl.oauthbearer.assertion.jwt.template.file"},
    {"sasl.oauthbearer.scope.claim.name", "scope", "remove it"},
    {"sasl.oauthbearer.clock.skew.seconds", "30", "remove it"},
    {"sasl.oauthbearer.expected.audience", "secret", "remove it"},
    {"sasl.oauthbearer.expected.issuer", "secret", "remove it"},
    {"sasl.oauthbearer.jwks.endpoint.url", "https://secret", "remove it"},
    {"sasl.oauthbearer.jwks.endpoint.refresh.ms", "1000", "remove it"},
    {"sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", "100", "remove it"},
    {"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", "10000", "remove it"},
    {"security.providers", "com.example.Secret", "does not load classes"},
};

std::string refusal(const std::string& name, const std::string& value) {
    try {
        StreamsConfig{.application_id = "app"}.set(name, value);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return {};
}

TEST(JavaSecuritySettings, AreRefusedWithTheSettingsToUseInsteadAndNotTheirValues) {
    for (const Refused& setting : kRefused) {
        for (const std::string prefix : {"", "consumer.", "producer.", "admin."}) {
            EXPECT_THAT(refusal(prefix + setting.name, setting.value),
                        AllOf(HasSubstr(prefix + setting.name + ":"), HasSubstr(setting.instead),
                              Not(HasSubstr("ecret/")), Not(HasSubstr("com.example")),
                              Not(HasSubstr(": \"secret")), Not(HasSubstr("=secret"))));
        }
    }
}

const std::vector<std::pair<std::string, std::string>> kUsed = {
    {"security.protocol", "SASL_SSL"},
    {"ssl.truststore.type", "PEM"},
    {"ssl.truststore.location", "/no/trust.pem"},
    {"ssl.truststore.certificates", "-----BEGIN CERTIFICATE-----"},
    {"ssl.keystore.type", "PKCS12"},
    {"ssl.keystore.location", "/no/key.p12"},
    {"ssl.keystore.password", "p"},
    {"ssl.keystore.certificate.chain", "-----BEGIN CERTIFICATE-----"},
    {"ssl.keystore.key", "-----BEGIN PRIVATE KEY-----"},
    {"ssl.key.password", "p"},
    {"ssl.cipher.suites", "TLS_AES_128_GCM_SHA256"},
    {"ssl.endpoint.identification.algorithm", ""},
    {"sasl.mechanism", "SCRAM-SHA-512"},
    {"sasl.jaas.config", "x required username=\"ada\" password=\"p\";"},
    {"sasl.kerberos.service.name", "kafka"},
    {"sasl.kerberos.kinit.cmd", "kinit"},
    {"sasl.kerberos.min.time.before.relogin", "60000"},
    {"sasl.oauthbearer.token.endpoint.url", "https://example.com"},
    {"sasl.oauthbearer.client.credentials.client.id", "ada"},
    {"sasl.oauthbearer.client.credentials.client.secret", "p"},
    {"sasl.oauthbearer.scope", "all"},
    {"sasl.oauthbearer.sub.claim.name", "sub"},
    {"sasl.oauthbearer.assertion.algorithm", "RS256"},
    {"sasl.oauthbearer.assertion.claim.aud", "a"},
    {"sasl.oauthbearer.assertion.claim.exp.seconds", "300"},
    {"sasl.oauthbearer.assertion.claim.iss", "a"},
    {"sasl.oauthbearer.assertion.claim.jti.include", "true"},
    {"sasl.oauthbearer.assertion.claim.nbf.seconds", "60"},
    {"sasl.oauthbearer.assertion.claim.sub", "a"},
    {"sasl.oauthbearer.assertion.file", "/no"},
    {"sasl.oauthbearer.assertion.private.key.file", "/no"},
    {"sasl.oauthbearer.assertion.private.key.passphrase", "p"},
};

TEST(JavaSecuritySettings, ThatLibrdkafkaHasTooReachItUnderItsNames) {
    for (const auto& [name, value] : kUsed) {
        SCOPED_TRACE(name);
        StreamsConfig config{.application_id = "app"};
        config.set(name, value);
        const auto settings = client_settings(config, Role::kAdmin, "c");
        try {
            kafka::rdkafka_clients({})->make_admin(settings);
        } catch (const std::exception& error) {
            EXPECT_THAT(error.what(), Not(HasSubstr("No such configuration property")));
        }
    }
}

TEST(JavaSecuritySettings, MeanTheSameInLibrdkafka) {
    StreamsConfig config{.application_id = "app"};
    config.set("ssl.truststore.type", "PEM").set("ssl.truststore.location", "/trust.pem");
    config.set("ssl.endpoint.identification.algorithm", "");
    EXPECT_THAT(client_settings(config, Role::kProducer, "c"),
                AllOf(Contains(Pair("ssl.ca.location", "/trust.pem")),
                      Contains(Pair("ssl.endpoint.identification.algorithm", "none")),
                      Not(Contains(Key("ssl.truststore.type")))));
}

}  // namespace
}  // namespace millrace
