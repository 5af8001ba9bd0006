// SPDX-License-Identifier: Apache-2.0

// Buffered changes with dsl.store.format=headers: headers and times of their values.
#include "state/format/change_buffer_format.hpp"
#include "support/documented_bytes.hpp"
#include "support/held_changes.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>

namespace millrace::state {
namespace {

using ::millrace::testing::documented_bytes;
using ::millrace::testing::HeldChanges;
using ::testing::SizeIs;

const Bytes kUnknown = value_origin({}, kNoTimestamp);

class ValueOrigins : public ::testing::Test {
  protected:
    const Headers& logged() { return held_.context().log.back().headers; }
    std::optional<Bytes> logged(const std::string& name) {
        const Header* header = logged().last(name);
        return header != nullptr ? header->value : std::nullopt;
    }

    HeldChanges held_{true};
};

TEST_F(ValueOrigins, AreLoggedAsDocumented) {
    held_.put(3, "a", std::nullopt, "1", {{"h", "x"}});
    held_.put(10, "a", "1", "2", {{"other", "y"}});
    held_.commit();

    EXPECT_THAT(logged(), SizeIs(2));
    EXPECT_EQ(logged("vh.old"), documented_bytes("suppress-buffer.md", "origin"));
}

TEST_F(ValueOrigins, AreNotLoggedWithoutStoredHeaders) {
    HeldChanges plain;
    plain.put(3, "a", "0", "1", {{"h", "x"}});
    plain.put(4, "a", "1", "2");
    plain.commit();

    EXPECT_THAT(plain.context().log.back().headers, SizeIs(1));
}

TEST_F(ValueOrigins, OfValuesFromBeforeTheirKeyWasBufferedAreUnknown) {
    held_.put(3, "a", "0", "1", {{"h", "x"}});
    held_.commit();

    EXPECT_EQ(logged("vh.old"), kUnknown);
    EXPECT_EQ(logged("vh.prior"), std::nullopt) << "is that of the old value";

    held_.put(4, "a", "1", "2");
    held_.commit();
    EXPECT_EQ(logged("vh.old"), value_origin({{"h", "x"}}, timestamp_of(3)));
    EXPECT_EQ(logged("vh.prior"), kUnknown);
}

TEST_F(ValueOrigins, OfEqualValuesOfDifferentRecordsAreBothLogged) {
    held_.put(3, "a", "same", "same", {{"h", "x"}});
    held_.put(4, "a", "same", "2");
    held_.commit();

    EXPECT_EQ(logged("vh.prior"), kUnknown);
    EXPECT_EQ(logged("vh.old"), value_origin({{"h", "x"}}, timestamp_of(3)));
}

TEST_F(ValueOrigins, AfterADeletionAreUnknown) {
    held_.put(3, "a", "0", std::nullopt);
    held_.put(4, "a", std::nullopt, "1");
    held_.commit();

    EXPECT_EQ(logged("vh.old"), std::nullopt);
    EXPECT_EQ(logged("vh.prior"), kUnknown);
}

TEST_F(ValueOrigins, AreRestored) {
    held_.put(3, "a", "0", "1", {{"h", "x"}});
    held_.put(4, "a", "1", "2", {{"h", "y"}});
    held_.commit();
    const std::size_t bytes = held_.buffer().bytes();

    held_.restore();
    EXPECT_EQ(held_.buffer().bytes(), bytes);
    held_.put(5, "a", "2", "3");
    held_.commit();

    EXPECT_EQ(logged("vh.old"), value_origin({{"h", "y"}}, timestamp_of(4)));
    EXPECT_EQ(logged("vh.prior"), kUnknown);
}

TEST_F(ValueOrigins, OfChangesThatWereLoggedWithoutThemAreTheTimesOfTheChanges) {
    HeldChanges held;
    held.put(3, "a", "0", "1", {{"h", "x"}});
    held.commit();
    held.store_headers(true);
    held.restore();
    held.put(5, "a", "1", "2");
    held.commit();

    const Headers& headers = held.context().log.back().headers;
    EXPECT_EQ(headers.last("vh.old")->value, value_origin({{"h", "x"}}, timestamp_of(3)));
    EXPECT_EQ(headers.last("vh.prior")->value, value_origin({}, timestamp_of(3)));
}

TEST_F(ValueOrigins, AreIgnoredWhenHeadersAreNoLongerStored) {
    held_.put(3, "a", "0", "1", {{"h", "x"}});
    held_.commit();
    held_.store_headers(false);
    held_.restore();
    held_.put(4, "a", "1", "2");
    held_.commit();

    EXPECT_THAT(logged(), SizeIs(1)) << "the version";
}

TEST_F(ValueOrigins, CountForTheSizeLikeInKafkaStreams) {
    held_.put(1, "key", "old", "value", {{"h", "x"}});
    // Headers of the change; for the new value 5 + 1 and 8; for the old value, which is also the
    // prior one, 1 and 8; the rest as without them.
    EXPECT_EQ(held_.buffer().bytes(), 2U + (6U + 8U) + (1U + 8U) + 41U);
}

TEST_F(ValueOrigins, AreAsAtTheLastCommitAfterARollback) {
    held_.put(3, "a", "0", "1", {{"h", "x"}});
    held_.commit();
    held_.put(4, "a", "1", "2", {{"h", "y"}});
    held_.roll_back();
    held_.put(5, "a", "1", "3");
    held_.commit();

    EXPECT_EQ(logged("vh.old"), value_origin({{"h", "x"}}, timestamp_of(3)));
}

}  // namespace
}  // namespace millrace::state
