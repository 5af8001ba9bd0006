// SPDX-License-Identifier: Apache-2.0

// Files of a global store that are damaged while the client runs.
#include "millrace/client/query.hpp"
#include "millrace/core/error.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Text = std::string;
using Rows = ReadOnlyKeyValueStore<Text, Text>;

class EmbeddedGlobalDamage : public support::EmbeddedApplication {
  protected:
    static constexpr int kRows = 1'000;

    EmbeddedGlobalDamage() {
        create_topics(1);
        broker.create_topic("names", 1);
        set_log_sink([this](LogLevel, std::string_view line) {
            const std::scoped_lock lock(log_mutex_);
            log_ += Text(line) + "\n";
        });
        for (int row = 0; row < kRows; ++row) {
            broker.produce("names", {.key = "k" + std::to_string(row), .value = "right"});
        }
    }
    ~EmbeddedGlobalDamage() override { set_log_sink({}); }

    /// "in" joined with the global table.
    static Topology topology() {
        StreamsBuilder builder;
        const auto names = builder.global_table<Text, Text>("names", {.store = "names"});
        builder.stream<Text, Text>("in")
            .join(
                names, [](const Text& key, const Text&) { return key; },
                [](const Text&, const Text& name) { return name; })
            .to("out");
        return std::move(builder).build();
    }

    std::unique_ptr<KafkaStreams> started() {
        auto streams = client(topology(), config());
        keep_errors(*streams);
        streams->start();
        return streams;
    }

    static std::size_t right_rows(const KafkaStreams& streams) {
        std::size_t count = 0;
        for (const auto& [key, value] : streams.store<Rows>("names").all()) {
            count += value == "right" ? 1 : 0;
        }
        return count;
    }

    /// Overwrites the data of all table files, which the client has open.
    void damage_files() const {
        int damaged = 0;
        for (const auto& file :
             std::filesystem::recursive_directory_iterator(state_dir / "one" / "app" / "global")) {
            if (file.path().extension() == ".sst") {
                std::fstream out(file.path(), std::ios::in | std::ios::out | std::ios::binary);
                const Text garbage(std::filesystem::file_size(file.path()) / 2, '\x5a');
                out.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
                ++damaged;
            }
        }
        EXPECT_GT(damaged, 0);
    }

    Text log() {
        const std::scoped_lock lock(log_mutex_);
        return log_;
    }

    /// A client whose files are damaged after it has started, with rows on disk only.
    std::unique_ptr<KafkaStreams> damaged() {
        EXPECT_TRUE(started()->close(60s));
        auto streams = started();
        EXPECT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
        damage_files();
        return streams;
    }

    /// The next start has all rows.
    void expect_rebuilt() {
        const auto streams = started();
        EXPECT_EQ(right_rows(*streams), static_cast<std::size_t>(kRows));
        EXPECT_TRUE(streams->close(60s));
    }

  private:
    std::mutex log_mutex_;
    Text log_;
};

TEST_F(EmbeddedGlobalDamage, FoundByAQueryEndsTheClientAndTheNextStartRebuilds) {
    auto streams = damaged();
    try {
        right_rows(*streams);
        FAIL() << "the query read damaged files";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("global"), HasSubstr("damaged")));
    }
    ASSERT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(log(), HasSubstr("damaged files of the global stores"));
    streams.reset();
    expect_rebuilt();
}

TEST_F(EmbeddedGlobalDamage, FoundByAJoinEndsTheClientWithoutAWrongResult) {
    auto streams = damaged();
    broker.produce("in", {.key = "k500", .value = "x"});
    ASSERT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(broker.records("out"), SizeIs(0));
    EXPECT_THAT(log(), HasSubstr("damaged files of the global stores"));
    streams.reset();

    streams = started();
    while (broker.records("out").empty()) {
        std::this_thread::yield();
    }
    EXPECT_TRUE(streams->close(60s));
    EXPECT_EQ(broker.records("out").front().value, "right");
    streams.reset();
    expect_rebuilt();
}

}  // namespace
}  // namespace millrace
