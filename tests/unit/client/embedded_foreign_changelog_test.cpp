// SPDX-License-Identifier: Apache-2.0

// Stores whose changelog has rows of a store of another kind.
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <string>
#include <utility>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Text = std::string;

class EmbeddedForeignChangelog : public support::EmbeddedApplication {
  protected:
    EmbeddedForeignChangelog() {
        create_topics(1);
        broker.create_topic(kChangelog, 1);
    }

    template <class Windows>
    static Topology counts(Windows windows) {
        StreamsBuilder builder;
        builder.stream<Text, Text>("in").group_by_key().windowed_by(windows).count(
            {.store = "counts"});
        return std::move(builder).build();
    }
    static Topology windows() { return counts(TimeWindows::of(5min)); }
    static Topology sessions() { return counts(SessionWindows::of(5min)); }

    /// The error of a client that restores the store from a changelog with that key.
    void expect_refused(const Topology& topology, const std::string& key,
                        const std::string& reason) {
        SCOPED_TRACE(reason);
        broker.produce(kChangelog, {.key = key, .value = "v"});
        const auto streams = client(topology, config());
        keep_errors(*streams);
        streams->start();
        ASSERT_TRUE(uncaught.wait_for(1));
        EXPECT_THAT(errors(),
                    ElementsAre(AllOf(HasSubstr("cannot restore store counts"),
                                      HasSubstr("topic app-counts-changelog, partition 0"),
                                      HasSubstr("offset 0"), HasSubstr(reason),
                                      HasSubstr("rename the store, or reset the application"))));
        EXPECT_TRUE(streams->close(60s));
    }

    /// A time or sequence number as in changelog keys.
    static std::string big_endian(std::uint64_t value, std::size_t size) {
        std::string bytes(size, '\0');
        for (std::size_t i = 0; i < size; ++i) {
            bytes[size - 1 - i] = static_cast<char>(value >> (8 * i));
        }
        return bytes;
    }

    static constexpr const char* kChangelog = "app-counts-changelog";
};

TEST_F(EmbeddedForeignChangelog, StopsAWindowStoreWhenAKeyIsTooShort) {
    expect_refused(windows(), "a", "offset 0 is not of a window store: the key is too short");
}

TEST_F(EmbeddedForeignChangelog, StopsAWindowStoreWhenAKeyIsText) {
    expect_refused(windows(), "a key of some length", "sequence number");
}

TEST_F(EmbeddedForeignChangelog, StopsAWindowStoreWhenAKeyHasANegativeTime) {
    expect_refused(windows(), std::string(20, '\xff'), "negative time");
}

TEST_F(EmbeddedForeignChangelog, StopsASessionStoreWhenAKeyIsTooShort) {
    expect_refused(sessions(), "a key of", "not of a session store: the key is too short");
}

TEST_F(EmbeddedForeignChangelog, StopsASessionStoreWhenAKeyHasANegativeTime) {
    expect_refused(sessions(), std::string(20, '\xff'), "negative time");
}

TEST_F(EmbeddedForeignChangelog, StopsASessionStoreWhenASessionEndsBeforeItStarts) {
    expect_refused(sessions(), "k" + big_endian(5, 8) + big_endian(6, 8), "ends before it starts");
}

TEST_F(EmbeddedForeignChangelog, IsNamedWithTheStoreWhenARowCannotBeRead) {
    broker.produce(kChangelog, {.key = "k", .value = "abc"});
    broker.produce("in", {.key = "k", .value = "v"});
    StreamsBuilder builder;
    builder.stream<Text, Text>("in").group_by_key().count({.store = "counts"});
    const auto streams = client(std::move(builder).build(), config());
    keep_errors(*streams);
    streams->start();
    ASSERT_TRUE(uncaught.wait_for(1));

    EXPECT_THAT(errors(),
                ElementsAre(AllOf(
                    HasSubstr("topic in, partition 0, offset 0"),
                    HasSubstr("wrong number of bytes: expected 8, got 3"),
                    HasSubstr("(the node uses store counts, whose rows may be of another type)"))));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedForeignChangelog, IsNoneWhenTheKeysFit) {
    for (const bool session : {false, true}) {
        broker.produce(kChangelog, {.key = "k" + big_endian(6, 8) +
                                           (session ? big_endian(5, 8) : big_endian(0, 4)),
                                    .value = big_endian(0, 8) + big_endian(1, 8)});
        const auto streams = client(session ? sessions() : windows(), config());
        keep_errors(*streams);
        streams->start();
        EXPECT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
        EXPECT_TRUE(streams->close(60s));
        EXPECT_THAT(errors(), IsEmpty());
        broker.delete_topic(kChangelog);
        broker.create_topic(kChangelog, 1);
        std::filesystem::remove_all(state_dir);
    }
}

}  // namespace
}  // namespace millrace
