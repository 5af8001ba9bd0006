// SPDX-License-Identifier: Apache-2.0

// A state directory that becomes read-only while the client runs.
#include "millrace/core/logging.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

#include <filesystem>
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

class EmbeddedUnwritableState : public support::EmbeddedApplication {
  protected:
    EmbeddedUnwritableState() {
        set_log_sink([](LogLevel, std::string_view) {});
    }
    ~EmbeddedUnwritableState() override {
        allow_writing(true);
        set_log_sink({});
    }

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

    void produce_keys(int first, int count) {
        for (int key = first; key < first + count; ++key) {
            produce("key-" + std::to_string(key));
        }
    }

    WithoutRoot without_root_;
};

TEST_F(EmbeddedUnwritableState, StopsTheClientWithAClearErrorAndLosesNothing) {
    create_topics(1);
    auto writing = config();
    writing.rocksdb_write_buffer_bytes = 64 << 10;
    writing.set("consumer.session.timeout.ms", "1000");  // A failed thread stays in the group.
    writing.set("consumer.heartbeat.interval.ms", "100");
    auto streams = client(counting_topology(on_record), writing);
    keep_errors(*streams);
    streams->start();
    produce_keys(0, 10);
    ASSERT_TRUE(processed.wait_for(10));
    allow_writing(false);
    int made = 10;
    while (uncaught.count() == 0 && made < 100'000) {
        produce_keys(made, 100);
        made += 100;
        uncaught.wait_for_no_longer_than(20ms);
    }
    ASSERT_EQ(uncaught.count(), 1);
    ASSERT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("task 0_0"), HasSubstr("folder"),
                                            HasSubstr("Permission denied"))));
    streams.reset();
    allow_writing(true);

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

}  // namespace
}  // namespace millrace
