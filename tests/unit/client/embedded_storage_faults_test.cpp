// SPDX-License-Identifier: Apache-2.0

// A disk that is full, and a state directory that cannot be written.
#include "millrace/core/error.hpp"
#include "millrace/core/logging.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using std::filesystem::perms;
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

/// During its lifetime, the process is not root, whom no permissions bind.
class WithoutRoot {
  public:
    WithoutRoot() {
        if (was_root_) {
            EXPECT_EQ(::seteuid(kNobody), 0);
        }
    }
    ~WithoutRoot() {
        if (was_root_) {
            EXPECT_EQ(::seteuid(0), 0);
        }
    }
    WithoutRoot(const WithoutRoot&) = delete;
    WithoutRoot& operator=(const WithoutRoot&) = delete;

  private:
    static constexpr uid_t kNobody = 65'534;

    bool was_root_ = ::geteuid() == 0;
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
        writing.set("consumer.heartbeat.interval.ms", "100");
        auto streams = client(counting_topology(on_record), writing);
        keep_errors(*streams);
        return streams;
    }

    void start(KafkaStreams& streams) {
        streams.start();
        produce_keys(0, 10);
        ASSERT_TRUE(processed.wait_for(10));
    }

    /// Produces new keys until a write to the state directory has failed.
    void run_until_failure(KafkaStreams& streams) {
        int made = 10;
        while (uncaught.count() == 0 && made < 100'000) {
            produce_keys(made, 100);
            made += 100;
            uncaught.wait_for_no_longer_than(20ms);
        }
        ASSERT_EQ(uncaught.count(), 1);
        ASSERT_TRUE(streams.wait_for(ClientState::kError, 60s));
        EXPECT_TRUE(streams.close(60s));
    }

    void expect_all_counted_after_a_restart() {
        Events last;
        on_record = [&](const support::StringRecord& record) {
            if (record.key == "last") {
                last.happened();
            }
        };
        produce("last");
        const auto all = broker.records("in").size();
        const auto streams = counter();
        streams->start();
        ASSERT_TRUE(last.wait_for(1));
        EXPECT_TRUE(streams->close(60s));

        EXPECT_THAT(table("out"), SizeIs(all)) << "no record is missing";
        EXPECT_THAT(broker.committed_offsets("app"),
                    ElementsAre(Pair(TopicPartition{"in", 0}, static_cast<Offset>(all))));
    }
};

TEST_F(EmbeddedStorageFaults, AFullDiskStopsTheClientWithAClearErrorAndLosesNothing) {
    create_topics(1);
    auto streams = failing_counter();
    start(*streams);
    {
        const SmallDisk disk(16 << 10);
        run_until_failure(*streams);
    }
    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("task 0_0"), HasSubstr("folder"))));
    streams.reset();

    expect_all_counted_after_a_restart();
}

/// The state directory is a file system of its own, in memory.
class EmbeddedFullDisk : public EmbeddedStorageFaults {
  protected:
    static constexpr std::size_t kSize = 24 << 20;

    void SetUp() override {
        std::filesystem::create_directories(state_dir);
        const std::string options = "size=" + std::to_string(kSize);
        mounted_ = ::mount("none", state_dir.c_str(), "tmpfs", 0, options.c_str()) == 0;
        if (!mounted_) {
            GTEST_SKIP() << "this process may not mount file systems";
        }
    }
    ~EmbeddedFullDisk() override {
        if (mounted_) {
            EXPECT_EQ(::umount2(state_dir.c_str(), MNT_DETACH), 0);
        }
    }

    std::filesystem::path ballast() const { return state_dir / "ballast"; }

    /// Writes a file that takes all space.
    void fill() const {
        std::ofstream file(ballast(), std::ios::binary);
        const std::string block(4096, 'x');
        for (std::size_t written = 0; file.good(); written += block.size()) {
            ASSERT_LE(written, kSize);
            file.write(block.data(), static_cast<std::streamsize>(block.size())).flush();
        }
    }

  private:
    bool mounted_ = false;
};

TEST_F(EmbeddedFullDisk, StopsTheClientWithTheRemedyAndLosesNothing) {
    create_topics(1);
    auto streams = failing_counter();
    start(*streams);
    fill();
    run_until_failure(*streams);
    EXPECT_THAT(errors(),
                ElementsAre(AllOf(HasSubstr("task 0_0"), HasSubstr("folder"),
                                  HasSubstr("free space, or set state.dir to a larger disk"))));
    streams.reset();
    std::filesystem::remove(ballast());

    expect_all_counted_after_a_restart();
}

TEST_F(EmbeddedFullDisk, IsReportedWhenAClientStartsOnIt) {
    create_topics(1);
    fill();
    produce("key");
    std::string error;
    try {
        const auto streams = failing_counter();
        streams->start();
        ASSERT_TRUE(uncaught.wait_for(1));
        EXPECT_TRUE(streams->close(60s));
        error = errors().front();
    } catch (const StateError& refused) {
        error = refused.what();
    }
    EXPECT_THAT(error, AllOf(HasSubstr(state_dir.string()),
                             HasSubstr("free space, or set state.dir to a larger disk")));
    std::filesystem::remove(ballast());

    expect_all_counted_after_a_restart();
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

/// The state directory becomes read-only while the client runs.
class EmbeddedUnwritableState : public EmbeddedStorageFaults {
  protected:
    ~EmbeddedUnwritableState() override { allow_writing(true); }

    void allow_writing(bool allowed) const {
        const perms mode = allowed ? perms::owner_all : perms::owner_read | perms::owner_exec;
        std::vector<std::filesystem::path> folders{state_dir};
        for (const auto& entry : std::filesystem::recursive_directory_iterator(state_dir)) {
            if (entry.is_directory()) {
                folders.push_back(entry.path());
            }
        }
        for (const auto& folder : folders) {
            std::filesystem::permissions(folder, mode);
        }
    }

    WithoutRoot without_root_;
};

TEST_F(EmbeddedUnwritableState, StopsTheClientWithAClearErrorAndLosesNothing) {
    create_topics(1);
    auto streams = failing_counter();
    start(*streams);
    allow_writing(false);
    run_until_failure(*streams);
    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("task 0_0"), HasSubstr("folder"),
                                            HasSubstr("Permission denied"))));
    streams.reset();
    allow_writing(true);

    expect_all_counted_after_a_restart();
}

}  // namespace
}  // namespace millrace
