// SPDX-License-Identifier: Apache-2.0

// Applications whose input is written in transactions, some of which are aborted.
#include "support/embedded_application.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace millrace::support {
namespace {

using ::testing::ElementsAre;
using testing::EmbeddedTransaction;
using ::testing::Pair;

constexpr Partition kPartitions = 4;

class EmbeddedTransactionalInput : public EmbeddedApplication {
  protected:
    EmbeddedTransactionalInput() { create_topics(kPartitions); }

    StreamsConfig reading_committed(const std::string& instance = "one") const {
        StreamsConfig result = config(instance);
        result.set("consumer.isolation.level", "read_committed");
        return result;
    }

    /// Every fifth transaction is aborted, some of them after the next one has started.
    void write(int transactions) {
        for (int i = 0; i < transactions; ++i) {
            EmbeddedTransaction transaction = broker.begin_transaction();
            for (int j = 0; j < 10; ++j) {
                const std::string value = std::to_string(written.size());
                transaction.produce("in",
                                    {.key = value, .value = value, .partition = j % kPartitions});
                if (i % 5 != 4) {
                    written.push_back(value);
                }
            }
            if (i % 5 != 4) {
                transaction.commit();
            }
        }
        std::sort(written.begin(), written.end());
    }

    std::vector<std::string> copied() const {
        std::vector<std::string> all;
        for (const auto& record : broker.records("out")) {
            all.push_back(*record.value);
        }
        std::sort(all.begin(), all.end());
        return all;
    }

    std::vector<std::string> written;
};

TEST_F(EmbeddedTransactionalInput, IsCopiedOnceWhileInstancesJoinAndLeave) {
    write(200);
    const auto start = [&](const std::string& instance) {
        auto streams = client(relay_topology(on_record), reading_committed(instance));
        streams->start();
        return streams;
    };

    const auto stays = start("stays");
    for (int i = 1; i <= 3; ++i) {
        const auto comes = start("comes");
        ASSERT_TRUE(processed.wait_for(i * 400));
        ASSERT_TRUE(comes->close(std::chrono::seconds(60)));
        write(10);
    }
    ASSERT_TRUE(processed.wait_for(static_cast<int>(written.size())));
    ASSERT_TRUE(stays->close(std::chrono::seconds(60)));

    EXPECT_EQ(copied(), written);
}

TEST_F(EmbeddedTransactionalInput, CommitsTheOffsetAfterTheLastMarker) {
    EmbeddedTransaction committed = broker.begin_transaction();
    committed.produce("in", {.key = "a", .value = "v", .partition = 0});
    committed.commit();
    EmbeddedTransaction aborted = broker.begin_transaction();
    aborted.produce("in", {.key = "a", .value = "v", .partition = 0});
    aborted.abort();
    const auto streams = client(relay_topology(on_record), reading_committed());
    streams->start();
    ASSERT_TRUE(processed.wait_for(1));
    ASSERT_TRUE(streams->close(std::chrono::seconds(60)));

    EXPECT_EQ(broker.committed_offsets("app").at({"in", 0}), 4);
}

TEST_F(EmbeddedTransactionalInput, IsCountedFurtherAfterTheStateIsLost) {
    write(5);
    const auto count = [&](int records) {
        const auto streams = client(counting_topology(on_record), reading_committed());
        streams->start();
        EXPECT_TRUE(processed.wait_for(records));
        EXPECT_TRUE(streams->close(std::chrono::seconds(60)));
    };
    count(40);
    std::filesystem::remove_all(state_dir);
    const std::vector<std::string> keys = written;
    {
        EmbeddedTransaction transaction = broker.begin_transaction();
        transaction.produce("in", {.key = keys[0], .value = "again", .partition = 0});
        transaction.commit();
    }
    count(41);

    EXPECT_EQ(table("out").at(keys[0]), "2");
}

}  // namespace
}  // namespace millrace::support
