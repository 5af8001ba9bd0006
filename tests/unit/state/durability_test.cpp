// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/format/state_corrupted.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <random>

namespace millrace::state {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Rows = std::map<Bytes, Bytes>;

class DurabilityTest : public ::testing::Test {
  protected:
    // Small write buffers, so that RocksDB flushes often.
    MemoryBudget memory{{.block_cache_bytes = 1 << 20, .write_buffer_bytes = 512 << 10}};
    ::millrace::testing::FakeStoreContext context;

    std::unique_ptr<TaskStores> open(const std::filesystem::path& folder) {
        TaskStores::Options options;
        options.directory = folder / "0_0";
        options.name = "0_0";
        for (const char* name : {"left", "right"}) {
            detail::StoreSpec spec;
            spec.name = name;
            options.specs.push_back(spec);
        }
        auto stores = std::make_unique<TaskStores>(std::move(options), memory);
        stores->set_context(context);
        return stores;
    }

    static KeyValueBytesStore& key_value(TaskStores& stores, const char* name) {
        return dynamic_cast<KeyValueBytesStore&>(*stores.store(name));
    }

    // Commit `number` writes that many rows to either store, and `number` as both offsets.
    static void write_commit(int number,
                             const std::function<void(const Bytes&, const Bytes&)>& put) {
        std::mt19937 random(static_cast<unsigned>(number));
        for (int at = 0; at < 100; ++at) {
            put("key" + std::to_string(random() % 5000), std::to_string(number) + Bytes(100, '.'));
        }
    }

    static void commit(TaskStores& stores, int number) {
        for (const char* name : {"left", "right"}) {
            write_commit(number, [&](const Bytes& key, const Bytes& value) {
                key_value(stores, name).put(key, value);
            });
        }
        const std::optional<Offset> offsets[2] = {number, number};
        stores.commit(offsets);
    }

    static Rows content(TaskStores& stores, const char* name) {
        Rows rows;
        auto row = key_value(stores, name).range(std::nullopt, std::nullopt, RowOrder::kForward);
        for (; row->valid(); row->next()) {
            rows.emplace(row->key(), row->value());
        }
        return rows;
    }

    // The rows after commits 1 to `last`.
    static Rows expected(Offset last) {
        Rows rows;
        for (int number = 1; number <= last; ++number) {
            write_commit(number, [&](const Bytes& key, const Bytes& value) { rows[key] = value; });
        }
        return rows;
    }
};

// A folder that a child process, started by EXPECT_EXIT, also finds.
std::filesystem::path shared_folder(std::optional<::millrace::testing::TemporaryDirectory>& owner) {
    if (const char* inherited = std::getenv("MILLRACE_TEST_FOLDER")) {
        return inherited;
    }
    owner.emplace();
    ::setenv("MILLRACE_TEST_FOLDER", owner->path().c_str(), 1);
    return owner->path();
}

TEST_F(DurabilityTest, KillLeavesRowsAndOffsetsOfTheSameCommit) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    std::optional<::millrace::testing::TemporaryDirectory> owner;
    const std::filesystem::path folder = shared_folder(owner);
    Offset reached = 0;
    for (int run = 0; run < 3; ++run) {
        EXPECT_EXIT(
            {
                auto stores = open(folder);
                const Offset first = stores->changelog_offset(0).value_or(0);
                for (int number = static_cast<int>(first) + 1; number < first + 80; ++number) {
                    commit(*stores, number);
                }
                std::raise(SIGKILL);
            },
            ::testing::KilledBySignal(SIGKILL), "");

        auto stores = open(folder);
        const std::optional<Offset> left = stores->changelog_offset(0);
        ASSERT_TRUE(left.has_value()) << "nothing reached the disk: the test shows nothing";
        EXPECT_EQ(stores->changelog_offset(1), left);
        EXPECT_GT(*left, reached);
        reached = *left;
        EXPECT_EQ(content(*stores, "left"), expected(reached));
        EXPECT_EQ(content(*stores, "right"), expected(reached));
    }
    ::unsetenv("MILLRACE_TEST_FOLDER");
}

TEST_F(DurabilityTest, CloseKeepsEverythingCommittedAndNothingElse) {
    const ::millrace::testing::TemporaryDirectory folder;
    {
        auto stores = open(folder.path());
        commit(*stores, 1);
        key_value(*stores, "left").put("later", "x");
        stores->close();
    }
    auto stores = open(folder.path());

    EXPECT_EQ(stores->changelog_offset(0), 1);
    EXPECT_EQ(content(*stores, "left"), expected(1));
}

TEST_F(DurabilityTest, FullDiskIsAClearError) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            const ::millrace::testing::TemporaryDirectory folder;
            auto stores = open(folder.path());
            std::signal(SIGXFSZ, SIG_IGN);
            rlimit limit{};
            limit.rlim_cur = limit.rlim_max = 4096;
            ::setrlimit(RLIMIT_FSIZE, &limit);
            try {
                for (int number = 1; number < 1000; ++number) {
                    commit(*stores, number);
                }
                stores->close();
                std::cerr << "no error";
            } catch (const StateError& error) {
                std::cerr << "refused: " << error.what() << '\n';
            }
            std::_Exit(0);
        },
        ::testing::ExitedWithCode(0), "refused: .*task 0_0, folder .*limit on file sizes");
}

class CorruptionTest : public DurabilityTest {
  protected:
    CorruptionTest() {
        auto stores = open(folder.path());
        for (int number = 1; number < 20; ++number) {
            commit(*stores, number);
        }
        stores->close();
    }

    void for_each_file(const std::string& part,
                       const std::function<void(const std::filesystem::path&)>& what) {
        int found = 0;
        for (const auto& file : std::filesystem::directory_iterator(folder.path() / "0_0" / "db")) {
            if (file.path().filename().string().find(part) != std::string::npos) {
                what(file.path());
                ++found;
            }
        }
        ASSERT_GT(found, 0) << part;
    }

    void expect_corrupted() {
        try {
            auto stores = open(folder.path());
            content(*stores, "left");
            content(*stores, "right");
            ADD_FAILURE() << "the damage was not noticed";
        } catch (const StateCorrupted& error) {
            EXPECT_THAT(error.what(), AllOf(HasSubstr("0_0"), HasSubstr(folder.path().string())));
        }
        wipe_and_use();
    }

    // As the runtime does then.
    void wipe_and_use() {
        std::filesystem::remove_all(folder.path() / "0_0");
        auto stores = open(folder.path());
        commit(*stores, 1);
        EXPECT_EQ(content(*stores, "left"), expected(1));
    }

    ::millrace::testing::TemporaryDirectory folder;
};

TEST_F(CorruptionTest, DamagedRowsAreDetected) {
    for_each_file(".sst", [](const std::filesystem::path& path) {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        for (int at = 50; at < 1000; at += 100) {
            file.seekp(at);
            file.put('\x55');
        }
    });
    expect_corrupted();
}

TEST_F(CorruptionTest, MissingRowsAreDetected) {
    for_each_file(".sst", [](const std::filesystem::path& path) { std::filesystem::remove(path); });
    expect_corrupted();
}

TEST_F(CorruptionTest, MissingManifestIsDetected) {
    for_each_file("MANIFEST",
                  [](const std::filesystem::path& path) { std::filesystem::remove(path); });
    expect_corrupted();
}

TEST_F(CorruptionTest, ADatabaseThatWasNotCreatedCompletelyIsCreatedAnew) {
    const auto remove = [](const std::filesystem::path& path) { std::filesystem::remove(path); };
    for (const char* later : {".sst", ".log", "CURRENT"}) {
        for_each_file(later, remove);
    }

    auto stores = open(folder.path());
    commit(*stores, 1);
    EXPECT_EQ(content(*stores, "left"), expected(1));
}

TEST_F(CorruptionTest, MissingStartOfTheRecordsIsDetected) {
    for_each_file("CURRENT",
                  [](const std::filesystem::path& path) { std::filesystem::remove(path); });
    expect_corrupted();
}

}  // namespace
}  // namespace millrace::state
