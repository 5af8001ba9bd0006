// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/serde/foreign_key.hpp"
#include "millrace/detail/state/record_buffer.hpp"
#include "millrace/serde/string.hpp"
#include "state/format/version_row.hpp"
#include "support/documented_bytes.hpp"

#include <gmock/gmock.h>

#include <map>

namespace millrace {
namespace {

using millrace::testing::documented_bytes;

using TextSubscription = detail::Subscription<std::string>;
using TextResponse = detail::SubscriptionResponse<std::string>;

const auto kHash = detail::hash_of("x1");

TEST(ForeignKeyFormats, AreThoseDocumented) {
    EXPECT_EQ(
        Serde<TextSubscription>::serialize({kHash, detail::Instruction::kAnswerIfThere, "a", 0}),
        documented_bytes("foreign-key.md", "subscription"));

    EXPECT_EQ(Serde<TextResponse>::serialize({kHash, "R", std::nullopt}),
              documented_bytes("foreign-key.md", "answer"));

    Bytes key;
    detail::write_foreign_prefix("x", key);
    EXPECT_EQ(key + "a", documented_bytes("foreign-key.md", "key"));
}

TEST(ForeignKeyFormats, AreReadAsDocumented) {
    const TextSubscription subscription =
        Serde<TextSubscription>::deserialize(documented_bytes("foreign-key.md", "subscription"));
    EXPECT_EQ(subscription.hash, kHash);
    EXPECT_EQ(subscription.instruction, detail::Instruction::kAnswerIfThere);
    EXPECT_EQ(subscription.primary_key, "a");
    EXPECT_EQ(subscription.partition, 0);

    const TextResponse answer =
        Serde<TextResponse>::deserialize(documented_bytes("foreign-key.md", "answer"));
    EXPECT_EQ(answer.hash, kHash);
    EXPECT_EQ(answer.value, "R");

    EXPECT_EQ(detail::primary_key_in(documented_bytes("foreign-key.md", "key")), "a");
}

TEST(VersionRow, IsWrittenAndReadAsDocumented) {
    Bytes removed_again;
    Bytes bytes;
    state::write_version_row(10, 20, "abc", removed_again);
    state::end_version_row(removed_again, 25, bytes);
    EXPECT_EQ(bytes, documented_bytes("versioned-value.md", "versions"));

    EXPECT_EQ(state::row_next(bytes), 25);
    const state::RowVersion first = state::version_at(bytes, 10);
    EXPECT_EQ(first.value, "abc");
    EXPECT_EQ(first.to, 20);
    EXPECT_EQ(state::version_at(bytes, 20).value, std::nullopt);
}

TEST(VersionRow, RefusesEveryTruncation) {
    const Bytes bytes = documented_bytes("versioned-value.md", "versions");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_THROW(state::version_at(BytesView(bytes).substr(0, size), 10), StateError) << size;
    }
    EXPECT_THROW(state::version_at(bytes + "x", 10), StateError);
}

/// Rows in a sorted map.
class MapStore final : public KeyValueBytesStore {
  public:
    const std::string& name() const override { return name_; }
    bool persistent() const override { return false; }
    NullableBytes get(BytesView key) override {
        const auto row = rows.find(Bytes(key));
        return row == rows.end() ? NullableBytes() : BytesView(row->second);
    }
    void put(BytesView key, const NullableBytes& value) override {
        if (value) {
            rows[Bytes(key)] = Bytes(*value);
        } else {
            rows.erase(Bytes(key));
        }
    }
    std::unique_ptr<BytesIterator> range(NullableBytes, NullableBytes, RowOrder) override {
        return std::make_unique<Rows>(rows);
    }
    std::unique_ptr<BytesIterator> prefix_scan(BytesView) override { return nullptr; }
    std::uint64_t approximate_num_entries() override { return rows.size(); }

    std::map<Bytes, Bytes> rows;

  private:
    class Rows final : public BytesIterator {
      public:
        explicit Rows(std::map<Bytes, Bytes> rows) : rows_(std::move(rows)) {}
        bool valid() const override { return !rows_.empty(); }
        void next() override { rows_.erase(rows_.begin()); }
        BytesView key() const override { return rows_.begin()->first; }
        BytesView value() const override { return rows_.begin()->second; }

      private:
        std::map<Bytes, Bytes> rows_;
    };

    std::string name_ = "buffer";
};

TEST(RecordBuffer, KeepsRecordsAsDocumented) {
    using std::chrono::milliseconds;
    MapStore store;
    detail::RecordBuffer buffer;
    buffer.open(store);
    EXPECT_TRUE(
        buffer.add({"k", "v", timestamp_of(20), 1, "in", 0, Headers{{"h", "x"}}}, milliseconds(5)));
    ASSERT_EQ(store.rows.size(), 1U);
    EXPECT_EQ(store.rows.begin()->first, documented_bytes("record-buffer.md", "key"));
    EXPECT_EQ(store.rows.begin()->second, documented_bytes("record-buffer.md", "value"));

    // A second one that opens the same store continues from there.
    detail::RecordBuffer reopened;
    reopened.open(store);
    EXPECT_FALSE(reopened.add({"k", "late", timestamp_of(14), 2, "in", 0, {}}, milliseconds(5)));
    EXPECT_TRUE(reopened.add({"k", "w", timestamp_of(25), 3, "in", 0, {}}, milliseconds(5)));
    std::vector<std::string> emitted;
    reopened.emit_due(milliseconds(5), [&](const detail::BufferedRecord& record) {
        emitted.push_back(Bytes(record.key) + "=" + Bytes(record.value) + " " + record.topic + " " +
                          std::to_string(record.offset) + " " +
                          record.headers.begin()->value.value_or(""));
    });
    EXPECT_THAT(emitted, ::testing::ElementsAre("k=v in 1 x"));
    EXPECT_EQ(store.rows.size(), 1U);
}

}  // namespace
}  // namespace millrace
