// SPDX-License-Identifier: Apache-2.0
#include "state/format/change_buffer_format.hpp"
#include "state/format/window_key.hpp"
#include "state/task/task_stores.hpp"
#include "support/documented_bytes.hpp"
#include "support/held_changes.hpp"

#include "millrace/core/error.hpp"
#include "millrace/detail/state/change_buffer.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::state {
namespace {

using detail::BufferedChange;
using detail::ChangeBuffer;
using ::millrace::testing::documented_bytes;
using ::millrace::testing::HeldChanges;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kTopic = "in";

BufferedChange documented_change() {
    BufferedChange change;
    change.old_value = "1";
    change.new_value = "2";
    change.timestamp = timestamp_of(10);
    change.offset = 1;
    change.partition = 0;
    change.topic = &kTopic;
    change.headers.add("h", "x");
    return change;
}

TEST(ChangeBufferFormat, IsWrittenAsDocumented) {
    Bytes written;
    append_buffered_change(documented_change(), timestamp_of(0), written);

    EXPECT_EQ(written, documented_bytes("suppress-buffer.md", "change"));
}

TEST(ChangeBufferFormat, IsReadAsDocumented) {
    const DecodedChange read =
        decode_buffered_change(documented_bytes("suppress-buffer.md", "change"));

    EXPECT_EQ(read.time, timestamp_of(0));
    EXPECT_EQ(read.topic, "in");
    EXPECT_EQ(read.change.prior_value, std::nullopt);
    EXPECT_EQ(read.change.old_value, "1");
    EXPECT_EQ(read.change.new_value, "2");
    EXPECT_EQ(read.change.offset, 1);
    EXPECT_EQ(read.change.headers, (Headers{{"h", "x"}}));
}

TEST(ChangeBufferFormat, RefusesEveryTruncation) {
    const Bytes whole = documented_bytes("suppress-buffer.md", "change");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_THROW(decode_buffered_change(BytesView(whole).substr(0, size)), StateError) << size;
    }
    EXPECT_THROW(decode_buffered_change(whole + '\0'), StateError);
}

TEST(SessionKey, IsWrittenAsDocumented) {
    Bytes written;
    written.resize(1 + kSessionSuffixSize, 'k');
    write_session_suffix({timestamp_of(10'000), timestamp_of(20'000)}, written.data() + 1);

    EXPECT_EQ(written, documented_bytes("session-key.md", "session"));
}

class HeldBack : public ::testing::Test {
  protected:
    /// Removes and returns everything: "key=new value (prior value) @time".
    std::vector<std::string> take_all() {
        std::vector<std::string> seen;
        while (buffer().records() != 0) {
            const BufferedChange& change = buffer().first();
            seen.push_back(Bytes(buffer().first_key()) + "=" + change.new_value.value_or("-") +
                           " (" + change.prior_value.value_or("-") + ") @" +
                           std::to_string(milliseconds_of(buffer().first_time())));
            buffer().pop_first();
        }
        return seen;
    }

    void put(std::int64_t time, BytesView key, const NullableBytes& old_value,
             const NullableBytes& new_value) {
        held_.put(time, key, old_value, new_value);
    }
    ChangeBuffer& buffer() { return held_.buffer(); }

    HeldChanges held_;
};

TEST_F(HeldBack, AreTakenByTimeAndKeyAndKeepTheirFirstTime) {
    put(20, "b", std::nullopt, "1");
    put(20, "a", std::nullopt, "2");
    put(10, "c", "x", "3");
    put(30, "c", "3", "4");

    EXPECT_THAT(take_all(), ElementsAre("c=4 (x) @10", "a=2 (-) @20", "b=1 (-) @20"));
    EXPECT_EQ(buffer().bytes(), 0U);
}

TEST_F(HeldBack, HaveTheSizeOfKafkaStreams) {
    put(1, "key", "old", "value");
    // Key, prior and old value once, new value, topic; time, timestamp, offset and partition.
    EXPECT_EQ(buffer().bytes(), 3U + 3U + 5U + 2U + 8U + 8U + 8U + 4U);
}

TEST_F(HeldBack, AreLoggedOncePerCommitAndRestored) {
    put(1, "a", std::nullopt, "1");
    put(2, "a", "1", "2");
    put(3, "b", std::nullopt, "3");
    put(4, "c", std::nullopt, "4");
    EXPECT_THAT(held_.context().log, IsEmpty());
    held_.commit();
    EXPECT_THAT(held_.context().log, SizeIs(3));
    buffer().pop_first();
    held_.commit();
    EXPECT_THAT(held_.context().log, SizeIs(4));

    held_.restore();

    EXPECT_THAT(take_all(), ElementsAre("b=3 (-) @3", "c=4 (-) @4"));
}

TEST_F(HeldBack, KeepTheirLatestTimeThroughARestore) {
    put(1, "a", std::nullopt, "1");
    put(5, "b", std::nullopt, "2");
    held_.commit();
    buffer().pop_first();
    put(9, "a", "1", "3");
    held_.commit();
    held_.restore();

    EXPECT_THAT(take_all(), ElementsAre("b=2 (-) @5", "a=3 (1) @9"));
}

TEST_F(HeldBack, AreAsAtTheLastCommitAfterARollback) {
    put(1, "a", std::nullopt, "1");
    put(2, "b", std::nullopt, "2");
    held_.commit();
    put(3, "a", "1", "3");
    put(4, "c", std::nullopt, "4");
    buffer().pop_first();
    held_.stores().flush_caches();
    held_.roll_back();

    EXPECT_THAT(take_all(), ElementsAre("a=1 (-) @1", "b=2 (-) @2"));
}

TEST_F(HeldBack, OfOutdatedFormatsAreRefused) {
    const Bytes value = documented_bytes("suppress-buffer.md", "change");
    const Headers version{{"v", Bytes(1, '\2')}};
    const ChangelogRecord record{
        .key = BytesView("a"), .value = BytesView(value), .offset = 0, .headers = &version};

    EXPECT_THROW(held_.stores().restore(0, std::span(&record, 1)), StateError);
}

}  // namespace
}  // namespace millrace::state
