// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/streams_config.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

struct PropertiesCase {
    std::string what;
    std::string text;
    std::string value;  ///< Of app.name.
};

/// Compared with the results of java.util.Properties.
const std::vector<PropertiesCase> kCases{
    {"equals sign", "app.name=value", "value"},
    {"colon", "app.name:value", "value"},
    {"white space alone", "app.name  value", "value"},
    {"white space around the sign", " app.name \t=\f value", "value"},
    {"two signs", "app.name = = value", "= value"},
    {"no value", "app.name", ""},
    {"no value behind the sign", "app.name=", ""},
    {"separators in the value", "app.name=a=b:c", "a=b:c"},
    {"escaped colon", "app.name=kafka-1\\:9092", "kafka-1:9092"},
    {"escaped sign in the name", "app.na\\me=value", "value"},
    {"escaped blank in the name", "app.name\\ x=1\napp.name=value", "value"},
    {"backslash", "app.name=C\\:\\\\kafka", "C:\\kafka"},
    {"control characters", "app.name=a\\tb\\nc\\rd\\fe", "a\tb\nc\rd\fe"},
    {"unknown escape", "app.name=\\z\\\"", "z\""},
    {"unicode", "app.name=caf\\u00E9 \\u20ac", "caf\xC3\xA9 \xE2\x82\xAC"},
    {"surrogate pair", "app.name=\\uD83D\\uDE00", "\xF0\x9F\x98\x80"},
    {"half a pair", "app.name=\\uD83Dx", "\xEF\xBF\xBDx"},
    {"utf-8 as it is", "app.name=caf\xC3\xA9", "caf\xC3\xA9"},
    {"continued line", "app.name=one,\\\n   two", "one,two"},
    {"continued by three lines", "app.name=a\\\n  b\\\r\n\tc", "abc"},
    {"continued before the sign", "app.name\\\n   = value", "value"},
    {"comment sign in a continued line", "app.name=a\\\n#b", "a#b"},
    {"escaped backslash continues nothing", "app.name=a\\\\\napp.other", "a\\"},
    {"continued at the end of the file", "app.name=a\\", "a"},
    {"comments", "# app.name=1\n  ! app.name=2\napp.name=3\n#app.name=4", "3"},
    {"comment is not continued", "# comment \\\napp.name=value", "value"},
    {"sign inside the value is no comment", "app.name=a # b", "a # b"},
    {"blank lines", "\n \t\f\n\r\napp.name=value\n\n", "value"},
    {"carriage return alone", "app.other=1\rapp.name=value\rapp.more=2", "value"},
    {"the last one counts", "app.name=1\napp.name=2", "2"},
    {"blanks at the end of an application's own setting", "app.name=value  ", "value  "},
};

TEST(Properties, AreReadLikeJavaUtilProperties) {
    for (const PropertiesCase& each : kCases) {
        EXPECT_EQ(StreamsConfig::from_properties(each.text).get("app.name"), each.value)
            << each.what;
    }
}

TEST(Properties, AcceptAnEscapedListOfBrokers) {
    const auto config = StreamsConfig::from_properties(
        "bootstrap.servers=kafka-1\\:9092,\\\n                  kafka-2\\:9092\n"
        "num.stream.threads 4   \n");

    EXPECT_EQ(config.bootstrap_servers, "kafka-1:9092,kafka-2:9092");
    EXPECT_EQ(config.num_stream_threads, 4);
}

TEST(Properties, RefuseMalformedUnicode) {
    for (const char* text : {"app.name=\\u00g9", "app.name=\\u00", "app.na\\u+123me=1"}) {
        EXPECT_THAT([&] { StreamsConfig::from_properties(text); },
                    ::testing::ThrowsMessage<ConfigError>(
                        ::testing::HasSubstr("expected four hexadecimal digits")))
            << text;
    }
}

TEST(Properties, DoNotApplyToArguments) {
    const char* arguments[] = {"program", "--config", "app.name=a\\:b"};
    StreamsConfig config;
    config.apply_arguments(3, arguments);
    EXPECT_EQ(config.get("app.name"), "a\\:b");

    const char* nothing[] = {"program", "--config", "poll.ms"};
    EXPECT_THAT([&] { config.apply_arguments(3, nothing); },
                ::testing::ThrowsMessage<ConfigError>(::testing::HasSubstr("--config name=value")));
}

}  // namespace
}  // namespace millrace
