// SPDX-License-Identifier: Apache-2.0

// State on disk that another version wrote.
#include "millrace/core/error.hpp"
#include "unit/state/state_on_disk.hpp"

#include <gmock/gmock.h>

namespace millrace::state {
namespace {

using namespace on_disk;
using std::chrono::hours;
using ::testing::AllOf;
using ::testing::HasSubstr;

// The metadata rows of earlier versions: only the offset, the time and the store's own data.
class OlderState : public ::testing::Test {
  protected:
    void write(const StoreSpec& spec, char format = '\1') {
        state.write(spec);
        const auto database = state.database();
        const Bytes row = database->store_metadata("s").value();
        const std::size_t shape = 1 + 1 + 1 + 8 + 8 + 3 * 4;
        Bytes older(1, format);
        older += row.substr(1, 16);
        older += row.substr(17 + shape);
        database->put_store_metadata("s", BytesView(older));
        database->write();
        database->flush();
    }

    StateOnDisk state;
};

TEST_F(OlderState, IsRestoredIfThereIsAChangelog) {
    for (const StoreSpec& spec : {store(kTable), store(kWindow, hours{2})}) {
        write(spec);
        const auto stores = state.open({spec});
        EXPECT_EQ(stores->changelog_offset(0), std::nullopt);
        EXPECT_EQ(Rows(*stores->store("s"), spec.kind).count(), 0);
        stores->wipe();
    }
}

TEST_F(OlderState, IsReadAsTheTopologyDefinesItWithoutAChangelog) {
    for (const StoreSpec& spec :
         {unlogged(store(kTable)), unlogged(store(kWindow, hours{2})),
          unlogged(store(StoreKind::kSession, hours{2})), unlogged(store(kVersions, hours{2}))}) {
        write(spec);
        for (int start = 0; start < 2; ++start) {
            const auto stores = state.open({spec});
            EXPECT_EQ(Rows(*stores->store("s"), spec.kind).count(), kRows);
        }
        state.open({spec})->wipe();
    }
}

TEST_F(OlderState, IsRefusedIfItsSegmentsHaveAnotherRetention) {
    for (const StoreKind kind : {kWindow, StoreKind::kSession, kVersions}) {
        const StoreSpec spec = unlogged(store(kind, hours{2}));
        write(spec);
        EXPECT_THROW(state.open({unlogged(store(kind, hours{24}))}), StateError);
        state.open({spec})->wipe();
    }
}

TEST_F(OlderState, IsRefusedIfItHasAnotherFormat) {
    write(unlogged(store(kTable)));
    EXPECT_THROW(state.open({unlogged(store(kWindow, hours{2}))}), StateError);
    EXPECT_THROW(state.open({unlogged(with_headers(store(kTable)))}), StateError);
}

TEST(NewerState, IsRefusedWithTheRemedyAndNotChanged) {
    StateOnDisk state;
    state.write(store(kTable));
    Bytes row;
    {
        const auto database = state.database();
        row = database->store_metadata("s").value();
        row[0] = '\5';
        database->put_store_metadata("s", BytesView(row));
        database->write();
        database->flush();
    }
    StoreSpec other = store(kTable);
    other.name = "other";
    for (const StoreSpec& spec : {store(kTable), other, in_memory(other)}) {
        try {
            state.open({spec});
            FAIL() << "it was not refused";
        } catch (const StateError& error) {
            EXPECT_THAT(error.what(),
                        AllOf(HasSubstr("newer version of Millrace"), HasSubstr("store s"),
                              HasSubstr("format 5"), HasSubstr("remove the task's folder")));
        }
    }
    EXPECT_EQ(state.database()->store_metadata("s"), row);
}

}  // namespace
}  // namespace millrace::state
