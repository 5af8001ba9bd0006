// SPDX-License-Identifier: Apache-2.0

// The metadata rows of a database that is not open.
#include "state/engine/stored_metadata.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/engine/database.hpp"
#include "state/format/state_corrupted.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace millrace::state {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class StoredMetadata : public ::testing::Test {
  protected:
    void write_rows() {
        const auto database = open_database(folder, "0_0", memory);
        database->engine("one", false)->put("k", "v");
        database->put_store_metadata("one", Bytes("offset of one"));
        database->put_store_metadata("two", Bytes("offset of two"));
        database->write();
        database->flush();
        database->put_store_metadata("one", Bytes("never flushed"));
        database->write();
    }

    std::set<std::string> files() const {
        std::set<std::string> names;
        for (const auto& file : std::filesystem::directory_iterator(folder)) {
            names.insert(file.path().filename());
        }
        return names;
    }

    ::millrace::testing::TemporaryDirectory task;
    std::filesystem::path folder = task.path() / "db";
    MemoryBudget memory{{}};
};

TEST_F(StoredMetadata, IsReadWithoutAnyChangeOnDisk) {
    write_rows();
    const auto before = files();

    EXPECT_THAT(stored_metadata(folder, "0_0", memory),
                ElementsAre(Pair("one", "offset of one"), Pair("two", "offset of two")));
    EXPECT_EQ(files(), before);
}

TEST_F(StoredMetadata, IsEmptyWithoutADatabase) {
    EXPECT_THAT(stored_metadata(folder, "0_0", memory), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(StoredMetadata, OfADamagedDatabaseIsAnError) {
    write_rows();
    std::ofstream(folder / "CURRENT") << "nonsense";

    EXPECT_THROW(stored_metadata(folder, "0_0", memory), StateCorrupted);
}

}  // namespace
}  // namespace millrace::state
