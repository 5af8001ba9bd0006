// SPDX-License-Identifier: Apache-2.0

// State on disk that was written for another topology.
#include "millrace/core/error.hpp"
#include "unit/state/state_on_disk.hpp"

#include <gmock/gmock.h>

#include <ostream>
#include <string>

namespace millrace::state {
namespace {

using namespace on_disk;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::HasSubstr;

enum class Outcome { kGoesOn, kRestores, kRefused };

struct Change {
    std::string name;
    StoreSpec before;
    StoreSpec after;
    Outcome outcome;
    std::string says{};  // Part of the error message.
    int rows = kRows;    // The visible rows if it continues.
};

void PrintTo(const Change& change, std::ostream* out) {
    *out << change.name;
}

class ChangedStore : public ::testing::TestWithParam<Change> {};

TEST_P(ChangedStore, IsUsedRestoredOrRefusedButNeverMisread) {
    const Change& change = GetParam();
    StateOnDisk state;
    state.write(change.before);
    if (change.outcome == Outcome::kRefused) {
        try {
            state.open({change.after});
            FAIL() << "it was not refused";
        } catch (const StateError& error) {
            EXPECT_THAT(error.what(),
                        AllOf(HasSubstr("task 0_0, store s"), HasSubstr(change.says)));
        }
        const auto stores = state.open({change.before});  // No rows were lost.
        EXPECT_EQ(Rows(*stores->store("s"), change.before.kind).count(), kRows);
        return;
    }
    for (int start = 0; start < 2; ++start) {  // Again, because nothing has changed since then.
        const auto stores = state.open({change.after});
        Rows rows(*stores->store("s"), change.after.kind);
        if (change.outcome == Outcome::kGoesOn) {
            const bool has_offset = change.after.logging && change.before.logging;
            EXPECT_EQ(stores->changelog_offset(0).has_value(), has_offset);
            EXPECT_EQ(rows.count(), change.rows);
        } else {
            EXPECT_EQ(stores->changelog_offset(0), std::nullopt);
            EXPECT_EQ(rows.count(), 0);
        }
    }
    const auto stores = state.open({change.after});
    Rows rows(*stores->store("s"), change.after.kind);
    rows.write(kRows - 1);
    stores->commit({});
    EXPECT_EQ(rows.read(kRows - 1), value_of(change.after.kind, kRows - 1));
}

INSTANTIATE_TEST_SUITE_P(
    Retention, ChangedStore,
    ::testing::Values(
        Change{"up", store(kWindow, hours{2}), store(kWindow, hours{25}), Outcome::kGoesOn},
        Change{"down", store(kWindow, hours{25}), store(kWindow, hours{8}), Outcome::kGoesOn},
        Change{"down_so_that_rows_expire", store(kWindow, hours{25}), store(kWindow, minutes{25}),
               Outcome::kRestores},
        Change{"far_up", store(kWindow, minutes{65}), store(kWindow, hours{24 * 365}),
               Outcome::kRestores},
        Change{"far_up_without_changelog", unlogged(store(kWindow, minutes{65})),
               unlogged(store(kWindow, hours{24 * 365})), Outcome::kGoesOn},
        Change{"a_little", store(kWindow, milliseconds{7'200'000}),
               store(kWindow, milliseconds{7'200'002}), Outcome::kGoesOn},
        Change{"of_plain_windows", store(StoreKind::kWindow, hours{2}),
               store(StoreKind::kWindow, hours{24}), Outcome::kGoesOn},
        Change{"of_sessions", store(StoreKind::kSession, hours{2}),
               store(StoreKind::kSession, hours{24}), Outcome::kGoesOn},
        Change{"of_sessions_down", store(StoreKind::kSession, hours{24}),
               store(StoreKind::kSession, hours{4}), Outcome::kGoesOn},
        Change{"of_versions", store(kVersions, hours{8}), store(kVersions, hours{24}),
               Outcome::kGoesOn},
        Change{"of_versions_down", store(kVersions, hours{24}), store(kVersions, hours{2}),
               Outcome::kGoesOn},
        Change{"segments_of_ones_own", with_interval(store(kVersions, hours{2}), minutes{7}),
               with_interval(store(kVersions, hours{2}), minutes{11}), Outcome::kGoesOn}),
    [](const auto& change) { return change.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Kind, ChangedStore,
    ::testing::Values(
        Change{"to_timestamps", store(StoreKind::kKeyValue), store(kTable), Outcome::kRestores},
        Change{"from_timestamps", store(kTable), store(StoreKind::kKeyValue), Outcome::kRestores},
        Change{"to_versions", store(kTable), store(kVersions, hours{2}), Outcome::kRestores},
        Change{"from_versions", store(kVersions, hours{2}), store(kTable), Outcome::kRestores},
        Change{"windows_to_timestamps", store(StoreKind::kWindow, hours{2}),
               store(kWindow, hours{2}), Outcome::kRestores},
        Change{"keys_to_windows", store(kTable), store(kWindow, hours{2}), Outcome::kRefused,
               "timestamped key-value store, the topology has a timestamped window store; rename "
               "the store, or reset the application"},
        Change{"windows_to_keys", store(kWindow, hours{2}), store(StoreKind::kKeyValue),
               Outcome::kRefused, "rename the store"},
        Change{"windows_to_sessions", store(kWindow, hours{2}),
               store(StoreKind::kSession, hours{2}), Outcome::kRefused,
               "the topology has a session store"},
        Change{"sessions_to_windows", store(StoreKind::kSession, hours{2}),
               store(kWindow, hours{2}), Outcome::kRefused, "it is a session store"},
        Change{"to_timestamps_without_changelog", unlogged(store(StoreKind::kKeyValue)),
               unlogged(store(kTable)), Outcome::kRefused, "there is no changelog to rebuild it"}),
    [](const auto& change) { return change.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Rest, ChangedStore,
    ::testing::Values(
        Change{"nothing", store(kTable), store(kTable), Outcome::kGoesOn},
        Change{"headers_on", store(kTable), with_headers(store(kTable)), Outcome::kRestores},
        Change{"headers_without_changelog", unlogged(store(kTable)),
               unlogged(with_headers(store(kTable))), Outcome::kRefused, "with headers"},
        Change{"logging_off", store(kTable), unlogged(store(kTable)), Outcome::kGoesOn},
        Change{"logging_on", unlogged(store(kTable)), store(kTable), Outcome::kRefused,
               "written without a changelog"},
        Change{"source_topic_for_changelog", store(kTable), from_topic(store(kTable), "t"),
               Outcome::kRestores},
        Change{"own_changelog", from_topic(store(kTable), "t"), store(kTable), Outcome::kRefused,
               "topic t, which the store's own changelog does not contain; set "
               "topology.optimization as before, or reset the application"},
        Change{"other_source_topic", from_topic(store(kTable), "t"), from_topic(store(kTable), "u"),
               Outcome::kRestores},
        Change{"engine", store(kTable), in_memory(store(kTable)), Outcome::kRestores}),
    [](const auto& change) { return change.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Types, ChangedStore,
    ::testing::Values(Change{"same", of_types(store(kTable), "string", "int64"),
                             of_types(store(kTable), "string", "int64"), Outcome::kGoesOn},
                      Change{"values", of_types(store(kTable), "string", "int64"),
                             of_types(store(kTable), "string", "float64"), Outcome::kRefused,
                             "values on disk are of type int64, the topology's are of type "
                             "float64; rename the store"},
                      Change{"keys", of_types(store(kTable), "string", "int64"),
                             of_types(store(kTable), "int32", "int64"), Outcome::kRefused,
                             "keys on disk"},
                      Change{"renamed", of_types(store(kTable), "string", "shop::Order"),
                             of_types(store(kTable), "string", "trade::Order"), Outcome::kGoesOn},
                      Change{"not_known_before", store(kTable),
                             of_types(store(kTable), "string", "int64"), Outcome::kGoesOn},
                      Change{"bytes_of_ones_own", of_types(store(kTable), "string", "int64"),
                             custom(of_types(store(kTable), "string", "string")),
                             Outcome::kGoesOn}),
    [](const auto& change) { return change.param.name; });

TEST(StoresNoLongerThere, AreReportedAndDeletedFromDisk) {
    StateOnDisk state;
    state.write(store(kWindow, hours{2}));
    StoreSpec other = store(kTable);
    other.name = "other";
    state.open({other})->close();
    EXPECT_THAT(state.database()->stores(), ::testing::ElementsAre("other"));

    state.open({in_memory(other)})->close();
    EXPECT_THAT(state.database()->stores(), ::testing::IsEmpty());
}

TEST(StoreBackOnDisk, StartsEmpty) {
    StateOnDisk state;
    state.write(store(kTable));
    state.open({in_memory(store(kTable))})->close();
    EXPECT_EQ(state.open({store(kTable)})->changelog_offset(0), std::nullopt);
}

}  // namespace
}  // namespace millrace::state
