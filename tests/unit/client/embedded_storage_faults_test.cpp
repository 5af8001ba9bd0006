// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "millrace/core/logging.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <sys/resource.h>

#include <csignal>
#include <fstream>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using support::Events;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

/// During its lifetime, no file of the process can grow beyond this size, as on a full disk.
class SmallDisk {
  public:
    explicit SmallDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit small{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    ~SmallDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

  private:
    rlimit before_{};
    void (*handler_)(int);
};

class EmbeddedStorageFaults : public support::EmbeddedApplication {
  protected:
    EmbeddedStorageFaults() {
        set_log_sink([](LogLevel, std::string_view) {});
    }
    ~EmbeddedStorageFaults() override { set_log_sink({}); }

    void produce_keys(int first, int count) {
        for (int key = first; key < first + count; ++key) {
            produce("key-" + std::to_string(key));
        }
    }

    /// A counting client that flushes early and stores the message of the error that ended it.
    std::unique_ptr<KafkaStreams> failing_counter() {
        auto writing = config();
        writing.rocksdb_write_buffer_bytes = 64 << 10;
        auto streams = client(counting_topology(on_record), writing);
        keep_errors(*streams);
        return streams;
    }
};

TEST_F(EmbeddedStorageFaults, AFullDiskStopsTheClientWithAClearErrorAndLosesNothing) {
    create_topics(1);
    auto streams = failing_counter();
    streams->start();
    produce_keys(0, 10);
    ASSERT_TRUE(processed.wait_for(10));
    {
        const SmallDisk disk(16 << 10);
        int made = 10;
        while (uncaught.count() == 0 && made < 100'000) {
            produce_keys(made, 100);
            made += 100;
            uncaught.wait_for_no_longer_than(20ms);
        }
        ASSERT_EQ(uncaught.count(), 1);
        ASSERT_TRUE(streams->wait_for(ClientState::kError, 60s));
        EXPECT_TRUE(streams->close(60s));
    }
    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("task 0_0"), HasSubstr("folder"))));
    streams.reset();

    Events last;
    on_record = [&](const support::StringRecord& record) {
        if (record.key == "last") {
            last.happened();
        }
    };
    produce("last");
    const auto all = broker.records("in").size();
    streams = counter();
    streams->start();
    ASSERT_TRUE(last.wait_for(1));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(table("out"), SizeIs(all)) << "no record is missing";
    EXPECT_THAT(broker.committed_offsets("app"),
                ElementsAre(Pair(TopicPartition{"in", 0}, static_cast<Offset>(all))));
}

TEST_F(EmbeddedStorageFaults, AStateDirectoryThatCannotBeCreatedIsRefusedAtOnce) {
    create_topics(1);
    std::filesystem::create_directories(state_dir);
    std::ofstream(state_dir / "occupied") << "a file";

    EXPECT_THAT([&] { return counter("occupied"); },
                ThrowsMessage<StateError>(AllOf(HasSubstr("occupied"), HasSubstr("folder"))));
}

TEST_F(EmbeddedStorageFaults, ATaskFolderThatCannotBeCreatedStopsTheClientWithAClearError) {
    create_topics(1);
    const auto streams = failing_counter();
    std::ofstream(state_dir / "one" / "app" / "0_0") << "a file where the task's folder belongs";
    streams->start();
    ASSERT_TRUE(uncaught.wait_for(1));
    ASSERT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("0_0"), HasSubstr("folder"))));
}

}  // namespace
}  // namespace millrace
