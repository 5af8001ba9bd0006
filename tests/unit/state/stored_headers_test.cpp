// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/state/stored_headers.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/detail/state/store_hooks.hpp"

#include "millrace/core/error.hpp"
#include "millrace/serde/string.hpp"
#include "millrace/state/stores.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "support/documented_bytes.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <span>
#include <string>
#include <utility>

namespace millrace {
namespace {

using Stored = detail::StoredValue<ValueTimestampHeaders<std::string>>;
using ::millrace::testing::FakeStoreContext;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

Bytes documented() {
    return millrace::testing::documented_bytes("stored-headers.md", "row");
}

const ValueTimestampHeaders<std::string> kExample{"v", timestamp_of(5), {{"h", "x"}}};

TEST(StoredHeaders, AreWrittenAsDocumented) {
    Bytes written;
    Stored::write({}, kExample, written);

    EXPECT_EQ(written, documented());
}

TEST(StoredHeaders, AreReadAsDocumented) {
    ValueTimestampHeaders<std::string> read;
    Stored::read({}, documented(), read);

    EXPECT_EQ(read, kExample);
}

TEST(StoredHeaders, MayBeNullEmptyOrLong) {
    const ValueTimestampHeaders<std::string> value{
        "v", timestamp_of(1), {{"n", std::nullopt}, {"", ""}, {"l", Bytes(300, 'x')}}};
    Bytes written;
    Stored::write({}, value, written);
    ValueTimestampHeaders<std::string> read;
    Stored::read({}, written, read);

    EXPECT_EQ(read, value);
}

TEST(StoredHeaders, RefuseTruncation) {
    const Bytes whole = documented();
    ValueTimestampHeaders<std::string> read;
    for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
        EXPECT_THROW(Stored::read({}, BytesView(whole).substr(0, size), read), SerdeError) << size;
    }
}

/// A store of that kind, created by TaskStores.
class KeptHeaders : public ::testing::TestWithParam<StoreEngine> {
  protected:
    state::TaskStores open(detail::StoredHeaders headers, bool asked, bool caching = false) {
        state::TaskStores::Options options;
        options.directory = directory_.path();
        options.name = "0_0";
        detail::StoreSpec spec;
        spec.name = "s";
        spec.kind = detail::StoreKind::kTimestampedKeyValue;
        spec.engine = GetParam();
        spec.headers = headers;
        spec.caching = caching;
        options.specs = {spec};
        options.dsl_headers = asked;
        return state::TaskStores(std::move(options), memory_);
    }

    static KeyValueBytesStore& face(state::TaskStores& stores) {
        return dynamic_cast<KeyValueBytesStore&>(*stores.store("s"));
    }

    millrace::testing::TemporaryDirectory directory_;
    state::MemoryBudget memory_{state::MemoryBudget::Limits{}};
    FakeStoreContext context_;
};

TEST_P(KeptHeaders, AreThoseOfTheRecordAndHiddenFromUsers) {
    const Headers headers{{"h", "x"}};
    context_.at_hand.headers = &headers;
    const Bytes value = Bytes(7, '\0') + "\5v";
    auto stores = open(detail::StoredHeaders::kOfRecordIfAsked, true);
    stores.set_context(context_);
    face(stores).put("k", BytesView(value));

    EXPECT_EQ(face(stores).get("k"), NullableBytes(value));
    EXPECT_EQ(detail::with_headers(face(stores))->get("k"), NullableBytes(documented()));
    auto rows = face(stores).range(std::nullopt, std::nullopt, RowOrder::kForward);
    EXPECT_EQ(rows->value(), value);
    EXPECT_THAT(context_.log, ElementsAre(Field(&FakeStoreContext::Logged::value, "v")));
    EXPECT_FALSE(context_.log.front().headers.empty());
}

TEST_P(KeptHeaders, LeaveTheCacheForTheChangelogButNotForTheListener) {
    const Headers headers{{"h", "x"}};
    context_.at_hand.headers = &headers;
    const Bytes value = Bytes(7, '\0') + "\5v";
    auto stores = open(detail::StoredHeaders::kOfRecordIfAsked, true, true);
    stores.set_context(context_);
    millrace::testing::RecordingListener listener;
    ASSERT_TRUE(detail::set_flush_listener(face(stores), &listener, true));
    face(stores).put("k", BytesView(Bytes(7, '\0') + "\4u"));
    face(stores).put("k", BytesView(value));

    EXPECT_EQ(face(stores).get("k"), NullableBytes(value));
    EXPECT_THAT(context_.log, IsEmpty());
    stores.flush_caches();

    EXPECT_THAT(context_.log, ElementsAre(Field(&FakeStoreContext::Logged::value, "v")));
    EXPECT_FALSE(context_.log.front().headers.empty());
    ASSERT_EQ(listener.told.size(), 1U);
    EXPECT_EQ(listener.told.front().value, value);
    EXPECT_EQ(detail::with_headers(face(stores))->get("k"), NullableBytes(documented()));
}

TEST_P(KeptHeaders, AreOmittedUnlessRequested) {
    auto stores = open(detail::StoredHeaders::kEmptyIfAsked, false);

    EXPECT_EQ(detail::with_headers(face(stores)), nullptr);
}

TEST_P(KeptHeaders, AreStoredInTablesOnDiskOnly) {
    auto stores = open(detail::StoredHeaders::kEmptyIfAsked, true);

    EXPECT_EQ(detail::with_headers(face(stores)) != nullptr, GetParam() == StoreEngine::kRocksDb);
}

TEST_P(KeptHeaders, AreRestoredFromTheChangelog) {
    auto stores = open(detail::StoredHeaders::kGiven, false);
    const Headers headers{{"h", "x"}};
    const state::ChangelogRecord record{.key = BytesView("k"),
                                        .value = BytesView("v"),
                                        .timestamp = timestamp_of(5),
                                        .offset = 0,
                                        .headers = &headers};
    stores.restore(0, std::span(&record, 1));
    stores.finish_restore(0, 0);

    EXPECT_EQ(detail::with_headers(face(stores))->get("k"), NullableBytes(documented()));
}

INSTANTIATE_TEST_SUITE_P(Engines, KeptHeaders,
                         ::testing::Values(StoreEngine::kRocksDb, StoreEngine::kInMemory));

// Rows on disk have the format that was set when they were written.
TEST(StoredHeadersSetting, RestoresRowsWhenItWasChanged) {
    millrace::testing::TemporaryDirectory directory;
    state::MemoryBudget memory{state::MemoryBudget::Limits{}};
    FakeStoreContext context;
    const auto open = [&](bool asked) {
        state::TaskStores::Options options;
        options.directory = directory.path();
        options.name = "0_0";
        detail::StoreSpec spec;
        spec.name = "s";
        spec.kind = detail::StoreKind::kTimestampedKeyValue;
        spec.engine = StoreEngine::kRocksDb;
        spec.headers = detail::StoredHeaders::kEmptyIfAsked;
        options.specs = {spec};
        options.dsl_headers = asked;
        return std::make_unique<state::TaskStores>(std::move(options), memory);
    };
    auto stores = open(false);
    stores->set_context(context);
    stores->finish_restore(0, 7);
    stores->close();

    EXPECT_EQ(open(true)->changelog_offset(0), std::nullopt);
}

}  // namespace
}  // namespace millrace
