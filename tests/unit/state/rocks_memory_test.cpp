// SPDX-License-Identifier: Apache-2.0
#include "state/budget/memory_budget.hpp"
#include "state/engine/rocksdb/rocks_database.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::state {
namespace {

Bytes numbered(const char* text, std::size_t number) {
    return text + std::to_string(1'000'000 + number);
}

int property(RocksDatabase& database, const std::string& family, const std::string& name) {
    std::string value;
    EXPECT_TRUE(database.db().GetProperty(database.find(family), name, &value));
    return std::stoi(value);
}

TEST(BulkLoad, ManyRunsDoNotStopWrites) {
    const ::millrace::testing::TemporaryDirectory folder;
    MemoryBudget memory{{.write_buffer_bytes = 64 << 10}};
    RocksDatabase database(folder.path() / "0_0" / "db", "0_0", memory);
    const std::unique_ptr<Engine> engine = database.engine("s", false);
    constexpr int kRuns = 200;
    const Bytes value(500, 'v');

    engine->begin_load();
    std::size_t rows = 0;
    while (rows % 100 != 0 || property(database, "kv:s", "rocksdb.num-files-at-level0") < kRuns) {
        // Each run has keys from the whole range, so that all of them overlap.
        engine->put(numbered("key", rows++ * 7919 % 100'003), BytesView(value));
    }
    engine->end_load();

    EXPECT_EQ(property(database, "kv:s", "rocksdb.is-write-stopped"), 0);
    database.put_store_metadata("s", "about");
    database.write();  // Would wait for the compaction of all runs.
    std::size_t found = 0;
    for (auto row = engine->iterate({}, RowOrder::kForward); row->valid(); row->next()) {
        ++found;
    }
    EXPECT_EQ(found, rows);
}

TEST(BulkLoad, ConcurrentLoadsShareABudget) {
    const ::millrace::testing::TemporaryDirectory folder;
    constexpr std::size_t kRun = 2 << 20;
    constexpr std::size_t kLoads = 64;
    constexpr std::size_t kOfOneDatabase = 8;
    constexpr std::size_t kRows = 1'500;
    MemoryBudget memory{{.write_buffer_bytes = kRun}};
    std::vector<std::unique_ptr<RocksDatabase>> databases;
    std::vector<std::unique_ptr<Engine>> engines;
    for (std::size_t at = 0; at < kLoads; ++at) {
        if (at % kOfOneDatabase == 0) {
            const std::string name = numbered("0_", at);
            databases.push_back(
                std::make_unique<RocksDatabase>(folder.path() / name / "db", name, memory));
        }
        engines.push_back(databases.back()->engine(numbered("s", at), false));
        engines.back()->begin_load();
    }

    const Bytes value(100, 'v');
    std::size_t most = 0;
    for (std::size_t row = 0; row < kRows; ++row) {
        for (const auto& engine : engines) {
            // The first rows are overwritten or deleted later.
            engine->put(numbered("key", row % 1'000),
                        row % 1'000 < 100 && row >= 1'000 ? NullableBytes() : NullableBytes(value));
            most = std::max(most, memory.engine().load_bytes.load());
        }
    }
    for (const auto& engine : engines) {
        engine->end_load();
    }
    for (const auto& database : databases) {
        database->write();
    }

    constexpr std::size_t kLeastOfEach = 32 << 10;
    EXPECT_LE(most, 2 * kRun + kLoads * kLeastOfEach);
    EXPECT_EQ(memory.engine().load_bytes, 0U);
    for (const auto& engine : engines) {
        std::size_t found = 0;
        for (auto row = engine->iterate({}, RowOrder::kForward); row->valid(); row->next()) {
            ++found;
        }
        EXPECT_EQ(found, 900U);
    }
}

std::size_t files_below(const std::filesystem::path& folder) {
    const std::filesystem::recursive_directory_iterator all(folder);
    return static_cast<std::size_t>(
        std::count_if(begin(all), end(all), [](const std::filesystem::directory_entry& entry) {
            return entry.path().extension() == ".sst";
        }));
}

// Eight tasks of five stores with a budget of about 85 KiB for each of the 48 families.
TEST(ManyColumnFamilies, CommitsOfAFewRowsWriteNoFiles) {
    const ::millrace::testing::TemporaryDirectory folder;
    constexpr std::size_t kTasks = 8;
    constexpr std::size_t kStores = 5;
    MemoryBudget memory{{.write_buffer_bytes = 4 << 20}};
    ::millrace::testing::FakeStoreContext context;
    std::vector<std::unique_ptr<TaskStores>> tasks;
    for (std::size_t task = 0; task < kTasks; ++task) {
        TaskStores::Options options;
        options.name = "0_" + std::to_string(task);
        options.directory = folder.path() / options.name;
        for (std::size_t store = 0; store < kStores; ++store) {
            detail::StoreSpec spec;
            spec.name = numbered("s", store);
            options.specs.push_back(spec);
        }
        tasks.push_back(std::make_unique<TaskStores>(std::move(options), memory));
        tasks.back()->set_context(context);
    }

    const auto commit_all = [&](std::size_t round) {
        for (const auto& task : tasks) {
            for (std::size_t store = 0; store < kStores; ++store) {
                dynamic_cast<KeyValueBytesStore&>(*task->store(numbered("s", store)))
                    .put(numbered("key", round), "value");
            }
            const std::vector<std::optional<Offset>> offsets(kStores, static_cast<Offset>(round));
            task->flush_caches();
            task->commit(offsets);
        }
    };
    for (std::size_t round = 0; round < 5; ++round) {
        commit_all(round);
    }

    EXPECT_EQ(files_below(folder.path()), 0U);
    EXPECT_LE(memory.engine().write_buffers->memory_usage(), std::size_t{4} << 20);
    tasks.clear();
    EXPECT_EQ(memory.engine().families, 0U);
}

}  // namespace
}  // namespace millrace::state
