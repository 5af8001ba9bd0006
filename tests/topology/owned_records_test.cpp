// SPDX-License-Identifier: Apache-2.0

// Records that processors create, keep and forward.
#include "driver.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <vector>

namespace millrace {
namespace {

using ::testing::ElementsAre;

/// Long enough to be on the heap, where freed memory is reused.
const Text kLong(100, 'x');

template <class P>
std::vector<std::string> outputs_of() {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in").process([] { return std::make_unique<P>(); }).to("out");
    });
    run.pipe("in", "k", "a", 1);
    run.pipe("in", "k", "b", 2);
    return run.lines("out");
}

class KeepsAResultInAVariable final : public Processor<Text, Text, Text, Text> {
  public:
    void process(const Record<Text, Text>& record) override {
        auto changed = record.with_value(record.value + kLong);
        const Text in_between(200, 'y');  // Reuses the memory of a destroyed value.
        context().forward(changed);
        context().forward(record.with_value(record.value + "2").with_key(record.key + "2"));
        auto later = record.with_key(record.key + kLong).with_timestamp(timestamp_of(7));
        context().forward(later.with_value(Text("v")));
    }
};

TEST(OwnedRecords, OwnTemporaryArguments) {
    EXPECT_THAT(outputs_of<KeepsAResultInAVariable>(),
                ElementsAre("k=a" + kLong + "@1", "k2=a2@1", "k" + kLong + "=v@7",
                            "k=b" + kLong + "@2", "k2=b2@2", "k" + kLong + "=v@7"));
}

class ForwardsThePreviousOne final : public Processor<Text, Text, Text, Text> {
  public:
    void process(const Record<Text, Text>& record) override {
        for (const auto& kept : kept_) {
            context().forward(kept);
        }
        kept_.assign(1, record.copy());
    }

  private:
    std::vector<OwnedRecord<Text, Text>> kept_;
};

TEST(OwnedRecords, AreKeptBeyondTheCall) {
    EXPECT_THAT(outputs_of<ForwardsThePreviousOne>(), ElementsAre("k=a@1"));
}

class AddsAHeader final : public Processor<Text, Text, Text, Text> {
  public:
    void process(const Record<Text, Text>& record) override {
        Headers headers = record.headers;
        headers.add("h", kLong);
        auto changed = record.with_headers(std::move(headers));
        context().forward(changed);
        context().forward(record.with_value(record.value + "!").with_headers(Headers()));
    }
};

TEST(OwnedRecords, OwnTheirHeaders) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .process([] { return std::make_unique<AddsAHeader>(); })
            .to("out");
    });
    run.pipe("in", "k", "a", 1);
    const auto records = run.driver().output_topic<Text, Text>("out").drain_records();

    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].headers, (Headers{{"h", kLong}}));
    EXPECT_EQ(records[1].headers, Headers());
    EXPECT_EQ(records[1].value, "a!");
}

class KeepsValues final : public FixedKeyProcessor<Text, Text, Text> {
  public:
    void process(const FixedKeyRecord<Text, Text>& record) override {
        auto changed = record.with_value(record.value() + kLong);
        const Text in_between(200, 'y');
        context().forward(changed);
        context().forward(changed.with_timestamp(timestamp_of(9)));
        context().forward(record.with_value(Text("b")).with_timestamp(timestamp_of(8)));
        for (const auto& kept : kept_) {
            context().forward(kept);
        }
        kept_.push_back(record.copy());
    }

  private:
    std::vector<OwnedFixedKeyRecord<Text, Text>> kept_;
};

TEST(OwnedRecords, AlsoExistForFixedKeys) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .process_values([] { return std::make_unique<KeepsValues>(); })
            .to("out");
    });
    run.pipe("in", "k", "a", 1);
    run.pipe("in", "l", "b", 2);

    EXPECT_THAT(run.lines("out"),
                ElementsAre("k=a" + kLong + "@1", "k=a" + kLong + "@9", "k=b@8",
                            "l=b" + kLong + "@2", "l=b" + kLong + "@9", "l=b@8", "k=a@1"));
}

class OverridesInPrivate final : public Processor<Text, Text, Text, Text> {
    void init(Context& context) override { context.request_commit(); }
    void process(const Record<Text, Text>& record) override {
        context().forward(record.with_value(record.value + "!"));
    }
    void close() override {}
};

TEST(Processors, MayOverridePrivately) {
    EXPECT_THAT(outputs_of<OverridesInPrivate>(), ElementsAre("k=a!@1", "k=b!@2"));
}

}  // namespace
}  // namespace millrace
