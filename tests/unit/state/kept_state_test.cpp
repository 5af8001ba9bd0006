// SPDX-License-Identifier: Apache-2.0

// The state on disk after a process was killed, and its recorded age.
#include "core/clock.hpp"
#include "millrace/core/error.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/format/state_corrupted.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace millrace::state {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class KeptState : public ::testing::Test {
  protected:
    std::unique_ptr<TaskStores> open(const std::filesystem::path& directory) {
        TaskStores::Options options;
        options.directory = directory;
        options.name = "0_0";
        options.clock = &clock;
        for (const char* name : {"busy", "quiet"}) {
            detail::StoreSpec spec;
            spec.name = name;
            options.specs.push_back(spec);
        }
        auto opened = std::make_unique<TaskStores>(std::move(options), memory);
        opened->set_context(context);
        return opened;
    }

    void commit(const std::vector<std::optional<Offset>>& offsets) {
        auto& busy = dynamic_cast<KeyValueBytesStore&>(*stores->store("busy"));
        busy.put("key", std::to_string(offsets[0].value_or(0)));
        stores->commit(offsets);
    }

    void restore(std::size_t store, Offset first, Offset last) {
        std::vector<Bytes> keys;
        std::vector<ChangelogRecord> records;
        for (Offset offset = first; offset <= last; ++offset) {
            keys.push_back("key" + std::to_string(offset));
        }
        for (Offset offset = first; offset <= last; ++offset) {
            records.push_back({.key = BytesView(keys[static_cast<std::size_t>(offset - first)]),
                               .value = BytesView("v"),
                               .timestamp = timestamp_of(0),
                               .offset = offset});
        }
        stores->restore(store, records);
    }

    // What a new process finds if this one is killed now: the current files.
    std::unique_ptr<TaskStores> after_kill() {
        after.reset();
        after.emplace();
        std::filesystem::copy(folder.path(), after->path() / "task",
                              std::filesystem::copy_options::recursive);
        return open(after->path() / "task");
    }

    // The same, after running flushes have finished.
    std::optional<Offset> offset_after_kill(std::size_t store, Offset awaited) {
        const auto begin = std::chrono::steady_clock::now();
        std::optional<Offset> found;
        while (found != awaited && std::chrono::steady_clock::now() - begin < seconds{20}) {
            try {
                found = after_kill()->changelog_offset(store);
            } catch (const std::exception&) {
                std::this_thread::yield();  // The files were copied while they were written.
            }
        }
        return found;
    }

    ManualClock clock{timestamp_of(1'700'000'000'000)};
    MemoryBudget memory{MemoryBudget::Limits{}};
    ::millrace::testing::FakeStoreContext context;
    ::millrace::testing::TemporaryDirectory folder;
    std::optional<::millrace::testing::TemporaryDirectory> after;
    std::unique_ptr<TaskStores> stores = open(folder.path());
};

TEST_F(KeptState, FinishedLoadSurvivesAKill) {
    restore(0, 0, 99);
    restore(1, 0, 4);
    stores->finish_restore(0, 99, clock.now());
    const auto found = after_kill();
    EXPECT_EQ(found->changelog_offset(0), 99);
    EXPECT_EQ(found->current_at(0), clock.now());
    auto& busy = dynamic_cast<KeyValueBytesStore&>(*found->store("busy"));
    EXPECT_TRUE(busy.get("key99").has_value());
    EXPECT_EQ(found->changelog_offset(1), std::nullopt);
}

TEST_F(KeptState, CommitsOlderThanTheIntervalSurviveAKill) {
    commit({1, std::nullopt});
    EXPECT_EQ(after_kill()->changelog_offset(0), std::nullopt);  // Under no circumstances.
    clock.advance(seconds{30});
    commit({2, std::nullopt});
    EXPECT_EQ(offset_after_kill(0, 2), 2);
    commit({3, std::nullopt});
    clock.advance(seconds{29});
    commit({4, std::nullopt});
    EXPECT_EQ(after_kill()->changelog_offset(0), 2);
    clock.advance(seconds{1});
    commit({5, std::nullopt});
    EXPECT_EQ(offset_after_kill(0, 5), 5);
}

TEST_F(KeptState, LastCommitBeforeAPauseSurvivesAKill) {
    commit({1, std::nullopt});
    clock.advance(seconds{29});
    stores->keep_current();
    EXPECT_EQ(after_kill()->changelog_offset(0), std::nullopt);
    clock.advance(seconds{1});
    stores->keep_current();
    EXPECT_EQ(offset_after_kill(0, 1), 1);
}

TEST_F(KeptState, RestoredTailOlderThanTheIntervalSurvivesAKill) {
    restore(0, 0, 9);
    stores->finish_restore(0, 9, clock.now());
    clock.advance(seconds{30});
    restore(0, 10, 19);
    EXPECT_EQ(offset_after_kill(0, 19), 19);
    EXPECT_EQ(after_kill()->current_at(0), clock.now() - seconds{30});
}

TEST_F(KeptState, IdleStoreIsAsCurrentAsTheCommitsOfItsTask) {
    commit({1, 1});
    clock.advance(hours{30});
    commit({2, std::nullopt});
    const Timestamp last = clock.now();
    EXPECT_EQ(stores->current_at(1), last);
    EXPECT_EQ(offset_after_kill(0, 2), 2);
    EXPECT_EQ(after_kill()->current_at(1), last);
    stores->close();
    stores = open(folder.path());
    EXPECT_EQ(stores->current_at(1), last);
    EXPECT_EQ(stores->changelog_offset(1), 1);
}

TEST_F(KeptState, CommitDoesNotMakeAStoreBehindItsTopicCurrent) {
    commit({1, 1});
    const Timestamp committed = clock.now();
    clock.advance(hours{1});
    const std::size_t behind = 1;
    stores->commit(std::vector<std::optional<Offset>>{2, 2}, std::span(&behind, 1));
    clock.advance(hours{1});
    stores->keep_current(std::span(&behind, 1));
    EXPECT_EQ(stores->current_at(0), clock.now());
    EXPECT_EQ(stores->current_at(1), committed);
    EXPECT_EQ(stores->changelog_offset(1), 2);
    stores->close();
    stores = open(folder.path());
    EXPECT_EQ(stores->current_at(1), committed);
    EXPECT_EQ(stores->changelog_offset(1), 2);
}

TEST_F(KeptState, IdleTaskRecordsPeriodicallyThatItIsCurrent) {
    commit({1, 1});
    stores->close();
    stores = open(folder.path());
    const Timestamp committed = clock.now();
    clock.advance(minutes{9});
    stores->keep_current();
    EXPECT_EQ(stores->current_at(0), committed);
    clock.advance(minutes{1});
    stores->keep_current();
    EXPECT_EQ(stores->current_at(0), clock.now());
    EXPECT_EQ(stores->current_at(1), clock.now());
    stores->close();
    stores = open(folder.path());
    EXPECT_EQ(stores->current_at(1), clock.now());
}

TEST_F(KeptState, RestoringAStoreDoesNotMakeAnotherCurrent) {
    commit({1, 1});
    const Timestamp committed = clock.now();
    stores->close();
    stores = open(folder.path());
    clock.advance(hours{20});
    restore(0, 2, 9);
    EXPECT_EQ(stores->current_at(0), committed);  // Including the end itself, before it is reached.
    stores->finish_restore(0, 9, clock.now());
    EXPECT_EQ(stores->current_at(0), clock.now());
    EXPECT_EQ(stores->current_at(1), committed);
    stores->close();
    stores = open(folder.path());
    EXPECT_EQ(stores->current_at(0), clock.now());
    EXPECT_EQ(stores->current_at(1), committed);
}

TEST_F(KeptState, CloseSavesNoUncommittedRows) {
    TaskStores::Options options;
    options.directory = folder.path() / "windows";
    options.name = "0_1";
    options.clock = &clock;
    detail::StoreSpec spec;
    spec.name = "w";
    spec.kind = detail::StoreKind::kWindow;
    spec.retention = hours{1};
    options.specs = {spec};
    const auto put = [](TaskStores& into, std::int64_t time) {
        return dynamic_cast<WindowBytesStore&>(*into.store("w"))
            .put("k", timestamp_of(time), BytesView("v"));
    };
    const std::optional<Offset> offset = 1;
    {
        TaskStores windows(options, memory);
        windows.set_context(context);
        put(windows, 1'000);
        windows.commit(std::span(&offset, 1));
        clock.advance(seconds{1});
        windows.commit(std::vector<std::optional<Offset>>(1));
        put(windows, 1'000'000'000);
        windows.close();
    }
    TaskStores windows(options, memory);
    windows.set_context(context);
    EXPECT_TRUE(put(windows, 2'000)) << "the time of a row that was not committed makes it late";
}

TEST_F(KeptState, FailedCloseReleasesTheFiles) {
    commit({1, 1});
    std::filesystem::rename(folder.path() / "db", folder.path() / "gone");
    EXPECT_THROW(stores->close(), Error);
    std::filesystem::rename(folder.path() / "gone", folder.path() / "db");
    stores = open(folder.path());
    EXPECT_EQ(stores->changelog_offset(0), std::nullopt);
}

TEST(LruStoreRestored, EvictsWithoutLoggingAndKeepsNothingToUndo) {
    MemoryBudget memory{MemoryBudget::Limits{}};
    ::millrace::testing::FakeStoreContext context;
    TaskStores::Options options;
    options.name = "0_0";
    detail::StoreSpec spec;
    spec.name = "s";
    spec.engine = StoreEngine::kLru;
    spec.max_entries = 2;
    options.specs = {spec};
    TaskStores stores(std::move(options), memory);
    stores.set_context(context);
    for (Offset offset = 0; offset < 10; ++offset) {
        const Bytes key = "key" + std::to_string(offset);
        const ChangelogRecord record{.key = BytesView(key),
                                     .value = BytesView("v"),
                                     .timestamp = timestamp_of(0),
                                     .offset = offset};
        stores.restore(0, std::span(&record, 1));
    }
    EXPECT_TRUE(context.log.empty());
    stores.roll_back();
    auto& store = dynamic_cast<KeyValueBytesStore&>(*stores.store("s"));
    EXPECT_EQ(store.get("key9"), "v");
    stores.finish_restore(0, 9);
    EXPECT_TRUE(context.log.empty());

    store.put("new", BytesView("v"));
    EXPECT_EQ(context.log.size(), 2U);  // The put, and the eviction that it caused.
}

}  // namespace
}  // namespace millrace::state
