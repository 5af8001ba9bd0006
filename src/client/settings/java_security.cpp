// SPDX-License-Identifier: Apache-2.0
#include "client/settings/java_security.hpp"

#include "client/settings/lower_case.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace millrace::client {

namespace {

constexpr std::string_view kTruststore =
    "librdkafka reads trusted certificates in PEM form: convert the truststore (keytool "
    "-exportcert -rfc) and set ssl.ca.location to the file";
constexpr std::string_view kKeystore =
    "librdkafka reads a PKCS#12 file (ssl.keystore.location, ssl.keystore.password) or PEM files "
    "(ssl.certificate.location, ssl.key.location, ssl.key.password): convert the keystore (keytool "
    "-importkeystore -deststoretype PKCS12) and set these";
constexpr std::string_view kVersions =
    "librdkafka negotiates the latest version of TLS: remove it, or limit the versions in the "
    "configuration of OpenSSL; ssl.cipher.suites has the same name";
constexpr std::string_view kProvider = "librdkafka uses OpenSSL: set ssl.providers, or remove it";
constexpr std::string_view kOpenSsl = "librdkafka uses OpenSSL: remove it";
constexpr std::string_view kOidc =
    "sasl.oauthbearer.method=oidc, sasl.oauthbearer.client.id, sasl.oauthbearer.client.secret and "
    "sasl.oauthbearer.token.endpoint.url";
constexpr std::string_view kLogin =
    "librdkafka loads no classes: set sasl.username and sasl.password; for OAUTHBEARER "
    "sasl.oauthbearer.method=oidc, sasl.oauthbearer.client.id, sasl.oauthbearer.client.secret and "
    "sasl.oauthbearer.token.endpoint.url";
constexpr std::string_view kRelogin =
    "librdkafka renews Kerberos tickets every sasl.kerberos.min.time.before.relogin: set that";
constexpr std::string_view kRefresh =
    "librdkafka gets and renews tokens by itself, with sasl.oauthbearer.method=oidc: remove it";
constexpr std::string_view kChecked = "brokers check tokens, librdkafka does not: remove it";

struct JavaName {
    std::string_view name;
    std::string_view text;
};

/// Names that librdkafka does not have.
constexpr std::array kJavaNames{
    JavaName{"ssl.truststore.password", kTruststore},
    JavaName{"ssl.protocol", kVersions},
    JavaName{"ssl.enabled.protocols", kVersions},
    JavaName{"ssl.provider", kProvider},
    JavaName{"ssl.keymanager.algorithm", kOpenSsl},
    JavaName{"ssl.trustmanager.algorithm", kOpenSsl},
    JavaName{"ssl.secure.random.implementation", kOpenSsl},
    JavaName{"ssl.engine.factory.class",
             "librdkafka loads no classes: set ssl.ca.location, ssl.certificate.location and "
             "ssl.key.location"},
    JavaName{"sasl.client.callback.handler.class", kLogin},
    JavaName{"sasl.login.callback.handler.class", kLogin},
    JavaName{"sasl.login.class", kLogin},
    JavaName{"sasl.kerberos.ticket.renew.window.factor", kRelogin},
    JavaName{"sasl.kerberos.ticket.renew.jitter", kRelogin},
    JavaName{"sasl.login.refresh.window.factor", kRefresh},
    JavaName{"sasl.login.refresh.window.jitter", kRefresh},
    JavaName{"sasl.login.refresh.min.period.seconds", kRefresh},
    JavaName{"sasl.login.refresh.buffer.seconds", kRefresh},
    JavaName{"sasl.login.connect.timeout.ms", kRefresh},
    JavaName{"sasl.login.read.timeout.ms", kRefresh},
    JavaName{"sasl.login.retry.backoff.ms", kRefresh},
    JavaName{"sasl.login.retry.backoff.max.ms", kRefresh},
    JavaName{"sasl.oauthbearer.jwt.retriever.class", kLogin},
    JavaName{"sasl.oauthbearer.jwt.validator.class", kChecked},
    JavaName{"sasl.oauthbearer.header.urlencode", kRefresh},
    JavaName{"sasl.oauthbearer.assertion.template.file",
             "librdkafka has another name: set sasl.oauthbearer.assertion.jwt.template.file"},
    JavaName{"sasl.oauthbearer.scope.claim.name", kChecked},
    JavaName{"sasl.oauthbearer.clock.skew.seconds", kChecked},
    JavaName{"sasl.oauthbearer.expected.audience", kChecked},
    JavaName{"sasl.oauthbearer.expected.issuer", kChecked},
    JavaName{"sasl.oauthbearer.jwks.endpoint.url", kChecked},
    JavaName{"sasl.oauthbearer.jwks.endpoint.refresh.ms", kChecked},
    JavaName{"sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", kChecked},
    JavaName{"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", kChecked},
};

bool ends_with(std::string_view value, std::initializer_list<std::string_view> endings) {
    const std::string lower = lower_case(value);
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return lower.ends_with(ending); });
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// librdkafka supports only the user name and password of sasl.jaas.config.
std::optional<std::string> reason_of_jaas(std::string_view value) {
    if (has(value, "Krb5LoginModule")) {
        return "librdkafka has no JAAS: set sasl.kerberos.keytab, sasl.kerberos.principal and "
               "sasl.kerberos.service.name";
    }
    if (has(value, "OAuthBearerLoginModule")) {
        return "librdkafka has no JAAS: set " + std::string(kOidc);
    }
    if (has(value, "username=") && has(value, "password=")) {
        return std::nullopt;
    }
    return "librdkafka has no JAAS, and the value has no username=\"…\" and password=\"…\": set "
           "sasl.username and sasl.password";
}

/// Settings that librdkafka has, but with fewer values than Java.
std::optional<std::string> reason_of_value(std::string_view name, std::string_view value) {
    const std::string lower = lower_case(value);
    if (name == "ssl.truststore.type" && lower != "pem") {
        return std::string(kTruststore);
    }
    if (name == "ssl.keystore.type" && lower != "pem" && lower != "pkcs12") {
        return std::string(kKeystore);
    }
    if (name == "ssl.truststore.location" &&
        ends_with(value, {".jks", ".p12", ".pfx", ".keystore", ".truststore"})) {
        return std::string(kTruststore);
    }
    if (name == "ssl.keystore.location" &&
        ends_with(value, {".jks", ".keystore", ".pem", ".crt", ".cer"})) {
        return std::string(kKeystore);
    }
    return name == "sasl.jaas.config" ? reason_of_jaas(value) : std::nullopt;
}

}  // namespace

std::optional<std::string> reason_java_only(std::string_view name, std::string_view value) {
    const auto found = std::find_if(kJavaNames.begin(), kJavaNames.end(),
                                    [name](const JavaName& entry) { return entry.name == name; });
    return found == kJavaNames.end() ? reason_of_value(name, value)
                                     : std::optional(std::string(found->text));
}

bool is_implied_by_librdkafka(std::string_view name) {
    return name == "ssl.truststore.type" || name == "ssl.keystore.type";
}

}  // namespace millrace::client
