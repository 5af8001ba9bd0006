// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

// Checked before other headers are included. Both cost every file of an application compile time.
#if defined(_GLIBCXX_FILESYSTEM) || defined(_GLIBCXX_REGEX)
#error "millrace.hpp must not include <filesystem> or <regex>"
#endif

#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace millrace {
namespace {

using ::testing::HasSubstr;

using OneHeader = support::EmbeddedApplication;

TEST_F(OneHeader, DeclaresTheClientAndItsMainLoop) {
    create_topics(1);
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("in").to("out");
    const Topology topology = std::move(builder).build();
    KafkaStreams streams(topology, config(), broker.clients());
    streams.start();
    EXPECT_TRUE(streams.close(std::chrono::seconds{30}));
    static_assert(std::is_invocable_r_v<int, decltype(run_until_signal), KafkaStreams&,
                                        std::chrono::milliseconds>);
}

TEST(StateDir, IsATextOrAPath) {
    const std::filesystem::path folder("/var/lib");
    StreamsConfig config{.state_dir = folder / "orders"};
    EXPECT_EQ(config.state_dir, "/var/lib/orders");
    config.state_dir = folder;
    EXPECT_EQ(config.get("state.dir"), "/var/lib");
    config.set("state.dir", "/srv/state");
    EXPECT_EQ(config.state_dir, "/srv/state");
}

TEST(ConfigurationFile, IsNamedByATextOrAPath) {
    const std::filesystem::path missing("/nowhere/app.properties");
    const auto read = [](const auto& file) {
        try {
            StreamsConfig::from_file(file);
        } catch (const ConfigError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_THAT(read(missing), HasSubstr("/nowhere/app.properties"));
    EXPECT_THAT(read(missing.string()), HasSubstr("/nowhere/app.properties"));
}

}  // namespace
}  // namespace millrace
