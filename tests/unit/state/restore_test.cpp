// SPDX-License-Identifier: Apache-2.0
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace millrace::state {
namespace {

using ::testing::IsEmpty;
using Rows = std::map<Bytes, Bytes>;

struct Change {
    Bytes key;
    NullableOwnedBytes value;
};

// Many changes of a few keys, including deletions.
std::vector<Change> random_changes(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<Change> changes;
    for (std::size_t at = 0; at < count; ++at) {
        Change change;
        change.key = "key" + std::to_string(random() % (count / 5));
        if (random() % 5 != 0) {
            change.value = Bytes(random() % 60, static_cast<char>('a' + at % 26));
        }
        changes.push_back(std::move(change));
    }
    return changes;
}

class RestoreTest : public ::testing::TestWithParam<StoreEngine> {
  protected:
    void open(StoreEngine engine = GetParam()) {
        stores.reset();
        TaskStores::Options options;
        options.directory = folder.path() / "0_0";
        options.name = "0_0";
        detail::StoreSpec spec;
        spec.name = "s";
        spec.engine = engine;
        options.specs = {spec};
        stores.emplace(std::move(options), memory);
        stores->set_context(context);
        store = dynamic_cast<KeyValueBytesStore*>(stores->store("s"));
    }

    void restore(std::size_t from, std::size_t to) {
        std::vector<ChangelogRecord> batch;
        for (std::size_t at = from; at < to; ++at) {
            const Change& change = changes[at];
            batch.push_back({NullableBytes(change.key),
                             change.value ? NullableBytes(*change.value) : std::nullopt,
                             timestamp_of(0), static_cast<Offset>(at), nullptr});
            if (batch.size() == 200 || at + 1 == to) {
                stores->restore(0, batch);
                batch.clear();
            }
        }
    }

    Rows content() {
        Rows rows;
        for (auto row = store->range(std::nullopt, std::nullopt, RowOrder::kForward); row->valid();
             row->next()) {
            rows.emplace(row->key(), row->value());
        }
        return rows;
    }

    Rows expected(std::size_t count) const {
        Rows rows;
        for (std::size_t at = 0; at < count; ++at) {
            if (changes[at].value) {
                rows[changes[at].key] = *changes[at].value;
            } else {
                rows.erase(changes[at].key);
            }
        }
        return rows;
    }

    std::vector<Change> changes = random_changes(20'000, 1);
    ::millrace::testing::TemporaryDirectory folder;
    MemoryBudget memory{{.write_buffer_bytes = 64 << 10}};  // So that a bulk load has a dozen runs.
    ::millrace::testing::FakeStoreContext context;
    std::optional<TaskStores> stores;
    KeyValueBytesStore* store = nullptr;
};

TEST_P(RestoreTest, WholeChangelogRestoresTheStoreAndItsOffset) {
    open();
    restore(0, changes.size());
    // A transaction marker follows the last record.
    stores->finish_restore(0, 20'004, timestamp_of(7));

    EXPECT_EQ(content(), expected(changes.size()));
    EXPECT_EQ(stores->changelog_offset(0), 20'004);
    EXPECT_EQ(stores->current_at(0), timestamp_of(7));
}

TEST_P(RestoreTest, RecordsAfterTheLoadAreAddedWithTheirOffsets) {
    open();
    restore(0, 15'000);
    stores->finish_restore(0, 14'999);
    restore(15'000, 18'000);
    EXPECT_EQ(stores->changelog_offset(0), 17'999);
    EXPECT_EQ(content(), expected(18'000));

    restore(18'000, 20'000);
    stores->finish_restore(0, 19'999);

    EXPECT_EQ(content(), expected(20'000));
}

TEST_P(RestoreTest, ProcessingContinuesFromTheRestoredState) {
    open();
    restore(0, changes.size());
    stores->finish_restore(0, 19'999);
    Rows rows = expected(changes.size());
    for (const auto& [key, value] : Rows(rows)) {
        store->put(key, value + "+");
        rows[key] = value + "+";
    }
    const std::optional<Offset> offset = 30'000;
    stores->commit(std::span(&offset, 1));

    EXPECT_EQ(content(), rows);
}

TEST_P(RestoreTest, ClearedStoreStartsEmpty) {
    open();
    restore(0, 10'000);
    stores->finish_restore(0, 9'999);
    stores->clear(0);
    EXPECT_THAT(content(), IsEmpty());
    EXPECT_EQ(stores->changelog_offset(0), std::nullopt);

    restore(10'000, 20'000);
    stores->finish_restore(0, 19'999);
    changes.erase(changes.begin(), changes.begin() + 10'000);

    EXPECT_EQ(content(), expected(10'000));
}

TEST_P(RestoreTest, EmptyChangelogLeavesAnEmptyStoreWithoutOffset) {
    open();
    stores->finish_restore(0, std::nullopt);

    EXPECT_THAT(content(), IsEmpty());
    EXPECT_EQ(stores->changelog_offset(0), std::nullopt);
}

TEST_P(RestoreTest, RecordsWithoutKeyAreSkipped) {
    open();
    const std::vector<ChangelogRecord> records{{std::nullopt, "1", timestamp_of(0), 0, nullptr},
                                               {"a", "1", timestamp_of(0), 1, nullptr}};
    stores->restore(0, records);
    stores->finish_restore(0, 1);

    EXPECT_EQ(content(), (Rows{{"a", "1"}}));
}

INSTANTIATE_TEST_SUITE_P(Engines, RestoreTest,
                         ::testing::Values(StoreEngine::kRocksDb, StoreEngine::kInMemory),
                         [](const auto& engine) {
                             return engine.param == StoreEngine::kRocksDb ? "RocksDb" : "InMemory";
                         });

class PersistentRestoreTest : public RestoreTest {};

TEST_P(PersistentRestoreTest, ContentAndOffsetSurviveARestart) {
    open();
    restore(0, changes.size());
    stores->finish_restore(0, 19'999, timestamp_of(7));
    stores->close();
    open();

    EXPECT_EQ(content(), expected(changes.size()));
    EXPECT_EQ(stores->changelog_offset(0), 19'999);
    EXPECT_EQ(stores->current_at(0), timestamp_of(7));
}

TEST_P(PersistentRestoreTest, InterruptedLoadLeavesNeitherRowsNorOffset) {
    open();
    restore(0, 15'000);
    stores->close();
    open();

    EXPECT_THAT(content(), IsEmpty());
    EXPECT_EQ(stores->changelog_offset(0), std::nullopt);
    restore(0, changes.size());
    stores->finish_restore(0, 19'999);
    EXPECT_EQ(content(), expected(changes.size()));
}

TEST_P(PersistentRestoreTest, InterruptedTailKeepsOffsetAndRowsTogether) {
    open();
    restore(0, 10'000);
    stores->finish_restore(0, 9'999);
    restore(10'000, 12'345);
    stores->close();
    open();

    EXPECT_EQ(stores->changelog_offset(0), 12'344);
    EXPECT_EQ(content(), expected(12'345));
}

TEST_P(PersistentRestoreTest, WrittenRowsWithoutAnOffsetAreNotTrustedAfterARestart) {
    open();
    store->put("a", "1");
    stores->commit({});
    stores->close();
    open();

    EXPECT_THAT(content(), IsEmpty());
}

TEST_P(PersistentRestoreTest, WipedTaskHasNothing) {
    open();
    restore(0, 1'000);
    stores->finish_restore(0, 999);
    stores->wipe();
    EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "0_0"));
    open();

    EXPECT_THAT(content(), IsEmpty());
    EXPECT_EQ(stores->changelog_offset(0), std::nullopt);
}

TEST_P(PersistentRestoreTest, AnInterruptedLoadContinuesWhereItWas) {
    open();
    stores->clear(0, timestamp_of(5));
    Offset next = 0;
    for (const Offset until : {12'000, 16'000}) {
        restore(static_cast<std::size_t>(next), static_cast<std::size_t>(until));
        stores->close();
        open();

        const auto reached = stores->changelog_offset(0);
        ASSERT_TRUE(reached);
        EXPECT_GT(*reached, next);
        EXPECT_LT(*reached, until);
        EXPECT_EQ(stores->current_at(0), timestamp_of(5));
        next = *reached + 1;
    }
    restore(static_cast<std::size_t>(next), changes.size());
    stores->finish_restore(0, 19'999, timestamp_of(9));

    EXPECT_EQ(content(), expected(changes.size()));
    EXPECT_EQ(stores->current_at(0), timestamp_of(9));
}

INSTANTIATE_TEST_SUITE_P(Engines, PersistentRestoreTest, ::testing::Values(StoreEngine::kRocksDb),
                         [](const auto&) { return "RocksDb"; });

}  // namespace
}  // namespace millrace::state
