// SPDX-License-Identifier: Apache-2.0

// State on disk that was written for another topology, or by another version.
#include "millrace/core/error.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/engine/database.hpp"
#include "state/format/window_key.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace millrace::state {
namespace {

using detail::StoredHeaders;
using detail::StoreKind;
using detail::StoreSpec;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::int64_t kNow = 1'700'000'000'000;
constexpr std::int64_t kStep = 600'000;
constexpr int kRows = 7;  // An hour of them.

Timestamp time_of(int row) {
    return timestamp_of(kNow + row * kStep);
}

Bytes value_of(StoreKind kind, int row) {
    Bytes value;
    if (kind == StoreKind::kTimestampedKeyValue || kind == StoreKind::kTimestampedWindow) {
        detail::append_time(time_of(row), value);
    }
    return value + "v" + std::to_string(row);
}

StoreSpec store(StoreKind kind, milliseconds retention = {}) {
    StoreSpec spec;
    spec.name = "s";
    spec.kind = kind;
    spec.retention = retention;
    return spec;
}

StoreSpec unlogged(StoreSpec spec) {
    spec.logging = false;
    return spec;
}

StoreSpec with_headers(StoreSpec spec) {
    spec.headers = StoredHeaders::kGiven;
    return spec;
}

StoreSpec from_topic(StoreSpec spec, const std::string& topic) {
    spec.source_topic = topic;
    return spec;
}

StoreSpec in_memory(StoreSpec spec) {
    spec.engine = StoreEngine::kInMemory;
    return spec;
}

StoreSpec of_types(StoreSpec spec, const std::string& key, const std::string& value) {
    spec.types = {key, value};
    return spec;
}

StoreSpec custom(StoreSpec spec) {
    spec.types.custom_value = true;
    return spec;
}

StoreSpec with_interval(StoreSpec spec, milliseconds interval) {
    spec.segment_interval = interval;
    return spec;
}

// A row of each kind for each step of time.
class Rows {
  public:
    explicit Rows(StateStore& store, StoreKind kind) : store_(store), kind_(kind) {}

    void write(int row) {
        const Bytes value = value_of(kind_, row);
        if (auto* keys = dynamic_cast<KeyValueBytesStore*>(&store_)) {
            keys->put(std::to_string(row), BytesView(value));
        } else if (auto* windows = dynamic_cast<WindowBytesStore*>(&store_)) {
            windows->put("k", time_of(row), BytesView(value));
        } else if (auto* sessions = dynamic_cast<SessionBytesStore*>(&store_)) {
            sessions->put("k", {time_of(row), time_of(row)}, BytesView(value));
        } else {
            dynamic_cast<VersionedBytesStore&>(store_).put("k", BytesView(value), time_of(row));
        }
    }

    NullableOwnedBytes read(int row) {
        const auto owned = [](const NullableBytes& value) {
            return value ? NullableOwnedBytes(Bytes(*value)) : std::nullopt;
        };
        if (auto* keys = dynamic_cast<KeyValueBytesStore*>(&store_)) {
            return owned(keys->get(std::to_string(row)));
        }
        if (auto* windows = dynamic_cast<WindowBytesStore*>(&store_)) {
            return owned(windows->fetch("k", time_of(row)));
        }
        if (auto* sessions = dynamic_cast<SessionBytesStore*>(&store_)) {
            return owned(sessions->fetch_session("k", {time_of(row), time_of(row)}));
        }
        const auto version = dynamic_cast<VersionedBytesStore&>(store_).get("k", time_of(row));
        return version ? NullableOwnedBytes(Bytes(version->value)) : std::nullopt;
    }

    int count() {
        int found = 0;
        for (int row = 0; row < kRows; ++row) {
            found += read(row) == value_of(kind_, row) ? 1 : 0;
        }
        return found;
    }

  private:
    StateStore& store_;
    StoreKind kind_;
};

class StateOnDisk {
  public:
    std::unique_ptr<TaskStores> open(std::vector<StoreSpec> specs) {
        TaskStores::Options options;
        options.directory = folder_.path();
        options.name = "0_0";
        options.specs = std::move(specs);
        auto stores = std::make_unique<TaskStores>(std::move(options), memory_);
        stores->set_context(context_);
        return stores;
    }

    // Rows committed as offset 7, and a clean close.
    void write(const StoreSpec& spec) {
        const auto stores = open({spec});
        Rows rows(*stores->store("s"), spec.kind);
        for (int row = 0; row < kRows; ++row) {
            rows.write(row);
        }
        const std::optional<Offset> offset = spec.logging ? std::optional<Offset>(7) : std::nullopt;
        stores->commit(std::span(&offset, 1));
        stores->close();
    }

    std::unique_ptr<Database> database() {
        return open_database(folder_.path() / "db", "0_0", memory_);
    }

  private:
    ::millrace::testing::TemporaryDirectory folder_;
    MemoryBudget memory_{MemoryBudget::Limits{}};
    ::millrace::testing::FakeStoreContext context_;
};

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

constexpr auto kWindow = StoreKind::kTimestampedWindow;
constexpr auto kTable = StoreKind::kTimestampedKeyValue;
constexpr auto kVersions = StoreKind::kVersionedKeyValue;

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
