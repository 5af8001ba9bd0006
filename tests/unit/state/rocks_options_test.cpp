// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/engine/rocksdb/rocks_database.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <thread>

namespace millrace::state {
namespace {

using ::testing::HasSubstr;

// The file size of rows that compress well.
std::uint64_t bytes_of_file(const std::string& compression) {
    const ::millrace::testing::TemporaryDirectory folder;
    MemoryBudget memory{{.compression = compression}};
    RocksDatabase database(folder.path() / "0_0" / "db", "0_0", memory);
    const std::unique_ptr<Engine> engine = database.engine("s", false);
    for (int key = 0; key < 1'000; ++key) {
        engine->put(std::to_string(key), BytesView(Bytes(100, 'v')));
    }
    database.write();
    database.flush();
    std::uint64_t bytes = 0;
    database.db().GetIntProperty(database.find("kv:s"), "rocksdb.total-sst-files-size", &bytes);
    return bytes;
}

TEST(RocksOptions, FilesAreCompressedAsConfigured) {
    EXPECT_GT(bytes_of_file("none"), 100'000U);
    EXPECT_LT(bytes_of_file("lz4"), 50'000U);
    EXPECT_LT(bytes_of_file("zstd"), 50'000U);
}

TEST(RocksOptions, UnknownCompressionIsRefused) {
    try {
        const MemoryBudget memory{{.compression = "brotli"}};
        FAIL() << "accepted";
    } catch (const StateError& error) {
        EXPECT_THAT(error.what(), HasSubstr("rocksdb.compression must be none, lz4 or zstd"));
    }
}

TEST(RocksOptions, BackgroundJobsAreConfiguredOrOnePerCore) {
    MemoryBudget given{{.background_jobs = 7}};
    MemoryBudget left_open{MemoryBudget::Limits{}};

    EXPECT_EQ(database_options(given.engine(), "0_0").max_background_jobs, 7);
    EXPECT_EQ(database_options(left_open.engine(), "0_0").max_background_jobs,
              std::max(2, static_cast<int>(std::thread::hardware_concurrency())));
}

}  // namespace
}  // namespace millrace::state
