// SPDX-License-Identifier: Apache-2.0
#include "integration/application.hpp"

#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

using Text = std::string;

/// Lines that several threads write.
class Lines {
  public:
    /// False if the line was already there.
    bool add(std::string line) {
        const std::scoped_lock lock(mutex_);
        const bool is_new = std::find(lines_.begin(), lines_.end(), line) == lines_.end();
        lines_.push_back(std::move(line));
        return is_new;
    }
    std::vector<std::string> all() const {
        const std::scoped_lock lock(mutex_);
        return lines_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

class Applications : public Application {};

// Two partitions wait for each other; a third one of another sub-topology shows that the thread
// continues in the meantime.
TEST_P(Applications, WaitForAPartitionThatLagsBehind) {
    const auto early = create_topic("early");
    const auto late = create_topic("late");
    const auto probe = create_topic("probe");
    Lines order;
    support::Events probed;
    StreamsBuilder builder;
    builder.stream<Text, Text>(early)
        .merge(builder.stream<Text, Text>(late))
        .foreach ([&](const Text& value) {
            order.add(value);
            processed.happened();
        });
    builder.stream<Text, Text>(probe).foreach ([&](const Text&) { probed.happened(); });
    StreamsConfig waiting = config();
    waiting.max_task_idle = 1h;
    const auto streams = client(std::move(builder).build(), waiting);

    send(late,
         {{.key = "k", .value = "at 10", .time = 10}, {.key = "k", .value = "at 30", .time = 30}});
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, kPatience));
    for (int i = 1; i <= 5; ++i) {
        send(probe, {{.key = "k", .value = "v"}});
        ASSERT_TRUE(probed.wait_for(i));
    }
    EXPECT_THAT(order.all(), ElementsAre()) << "nothing is known of the other partition yet";
    send(early,
         {{.key = "k", .value = "at 5", .time = 5}, {.key = "k", .value = "at 20", .time = 20}});
    ASSERT_TRUE(processed.wait_for(3));
    ASSERT_TRUE(streams->close(kPatience));

    EXPECT_THAT(order.all(), ElementsAre("at 5", "at 10", "at 20"))
        << "the last waits for what may come before it";
}

TEST_P(Applications, ReadTopicsOfAPatternIncludingLaterOnes) {
    const std::string prefix = unique_name("pattern");
    create_named_topic(prefix + "-a");
    create_named_topic("not-" + prefix + "-a");
    const auto out = create_topic("out");
    StreamsBuilder builder;
    builder.stream<Text, Text>(TopicPattern{prefix + R"(-\w)"})
        .peek([&](const Text&) { processed.happened(); })
        .to(out);
    const auto streams = client(std::move(builder).build(), config());

    send(prefix + "-a", {{.key = "k", .value = "first"}});
    send("not-" + prefix + "-a", {{.key = "k", .value = "of no interest"}});
    streams->start();
    ASSERT_TRUE(processed.wait_for(1));
    create_named_topic(prefix + "-b");
    send(prefix + "-b", {{.key = "k", .value = "second"}});
    ASSERT_TRUE(processed.wait_for(2));
    ASSERT_TRUE(streams->close(kPatience));

    EXPECT_THAT(read_lines(out), ElementsAre("k=first", "k=second"));
}

TEST_P(Applications, CallAHandlerForRecordsThatCannotBeSent) {
    const auto in = create_topic("in");
    const auto out = create_topic("out", 1, {{"max.message.bytes", "5000"}});
    Lines asked;
    support::Events refused;
    StreamsConfig skipping = config();
    skipping.production_exception_handler =
        [&](const ErrorContext& context, const FailedRecord& record, const std::exception& error) {
            asked.add(to_string(context.task) + " " + std::string(context.node) + " " +
                      std::string(record.key.value_or("?")) + " " +
                      std::to_string(record.value.value_or("").size()) + " " + error.what());
            refused.happened();
            return ErrorResponse{.decision = ErrorDecision::kResume};
        };
    StreamsBuilder builder;
    builder.stream<Text, Text>(in)
        .map_values([](const Text& value) { return Text(std::stoul(value), 'x'); })
        .peek([&](const Text&) { processed.happened(); })
        .to(out, {.name = "to-out"});
    const auto streams = client(std::move(builder).build(), skipping);

    streams->start();
    send(in, {{.key = "a", .value = "1"}});
    ASSERT_TRUE(wait_for_lines(out, 1));
    send(in, {{.key = "b", .value = "6000"}});
    ASSERT_TRUE(refused.wait_for(1));
    send(in, {{.key = "c", .value = "2"}});
    ASSERT_TRUE(processed.wait_for(3));
    ASSERT_TRUE(streams->close(kPatience));

    EXPECT_THAT(asked.all(), ElementsAre(AllOf(StartsWith("0_0 to-out b 6000 "), HasSubstr(out))));
    EXPECT_THAT(read_lines(out), ElementsAre("a=x", "c=xx"));
    EXPECT_THAT(streams->metrics(),
                ::testing::Contains(::testing::Truly([](const ClientMetric& metric) {
                    return metric.name == "dropped-records-total" && metric.value == 1;
                })));
}

/// Not the partition of the default partitioner for keys that end in a digit.
Partition by_last_digit(const Text& key, Partition count) {
    return (key.back() - '0') % count;
}
template <class V>
std::optional<std::vector<Partition>> last_digit(const std::string&, const Text& key, const V&,
                                                 Partition count) {
    return std::vector<Partition>{by_last_digit(key, count)};
}

TEST_P(Applications, JoinTablesWithACustomPartitioningOnAForeignKey) {
    constexpr Partition kCount = 4;
    constexpr int kRows = 20;
    const auto orders = create_topic("orders", kCount);
    const auto users = create_topic("users", kCount);
    const auto out = create_topic("out", kCount);
    Lines joined;
    StreamsBuilder builder;
    const auto user_table = builder.table<Text, Text>(users);
    builder.table<Text, Text>(orders)
        .join(
            user_table, [](const Text& user) { return user; },
            [](const Text& user, const Text& name) { return user + " is " + name; },
            {.partitioner = last_digit<NoKey>, .other_partitioner = last_digit<NoKey>})
        .to_stream()
        .peek([&](const Text& key, const auto&) {
            // A row is sent twice if both sides are seen at the same time.
            if (joined.add(key)) {
                processed.happened();
            }
        })
        .to(out, {.partitioner = last_digit<std::optional<Text>>});
    StreamsConfig two_threads = config();
    two_threads.num_stream_threads = 2;
    const auto streams = client(std::move(builder).build(), two_threads);

    std::vector<Sent> order_rows;
    std::vector<Sent> user_rows;
    std::vector<std::string> expected;
    for (int i = 0; i < kRows; ++i) {
        const Text order = "order-" + std::to_string(i);
        const Text user = "user-" + std::to_string(kRows - i);
        order_rows.push_back({by_last_digit(order, kCount), order, user, i});
        user_rows.push_back({by_last_digit(user, kCount), user, "u" + std::to_string(i), i});
        expected.push_back(order + "=" + user + " is u" + std::to_string(i));
    }
    send(orders, order_rows);
    send(users, user_rows);
    streams->start();
    ASSERT_TRUE(processed.wait_for(kRows));
    ASSERT_TRUE(streams->close(kPatience));

    const std::vector<std::string> lines = read_lines(out, kCount);
    EXPECT_THAT(std::set(lines.begin(), lines.end()),
                ::testing::ElementsAreArray(std::set(expected.begin(), expected.end())));
}

/// Counts the records of each processor in its own store, and adds a header with the names of the
/// processors that a record has passed.
class Counting final : public WrappedProcessor {
  public:
    void init() override {
        inner().init();
        calls_.emplace(context().store<KeyValueStore<Text, std::int64_t>>("calls"));
    }
    void process(const AnyRecord& record) override {
        calls_->put(inner().name(), calls_->get(inner().name()).value_or(0) + 1);
        inner().process(record);
    }
    void forward(const AnyRecord& record, std::string_view child) override {
        Headers headers = record.headers();
        headers.add(inner().name(), "seen");
        inner().forward(record.with_headers(headers), child);
    }

  private:
    std::optional<KeyValueStore<Text, std::int64_t>> calls_;
};

TopologyOptions counting() {
    TopologyOptions options;
    options.processor_wrapper = [](const std::string&) {
        return WrappedProcessorSupplier{.make = [] { return std::make_unique<Counting>(); },
                                        .stores = {stores::key_value_store<Text, std::int64_t>(
                                            stores::persistent_key_value_store("calls"))}};
    };
    return options;
}

TEST_P(Applications, WrapProcessorsAndKeepTheStoresOfTheWrapper) {
    const auto in = create_topic("in", 2);
    const auto out = create_topic("out", 2);
    StreamsBuilder builder;
    builder.stream<Text, Text>(in)
        .filter([](const Text& value) { return value != "bad"; }, {.name = "filter"})
        .peek([&](const Text&) { processed.happened(); }, {.name = "peek"})
        .to(out);
    const Topology topology = std::move(builder).build(counting());
    const std::vector<Sent> records{{0, "a", "good", 1}, {0, "a", "bad", 2}, {1, "b", "good", 3}};

    auto streams = client(topology, config());
    send(in, records);
    streams->start();
    ASSERT_TRUE(processed.wait_for(2));
    ASSERT_TRUE(streams->close(kPatience));
    forget_state();
    streams = client(topology, config());
    send(in, records);
    streams->start();
    ASSERT_TRUE(processed.wait_for(4));
    ASSERT_TRUE(streams->close(kPatience));

    const std::vector<Got> passed = read(out, 2);
    EXPECT_THAT(passed, SizeIs(4));
    for (const Got& record : passed) {
        EXPECT_THAT(record.headers, ElementsAre(Pair("filter", "seen"), Pair("peek", "seen")));
    }
    std::map<std::pair<Partition, Text>, std::int64_t> calls;
    for (const Got& row : read(application() + "-calls-changelog", 2)) {
        calls[{row.partition, row.key}] = Serde<std::int64_t>::deserialize(row.value);
    }
    EXPECT_THAT(calls, ElementsAre(Pair(Pair(0, "filter"), 4), Pair(Pair(0, "peek"), 2),
                                   Pair(Pair(1, "filter"), 2), Pair(Pair(1, "peek"), 2)))
        << "they continue from the restored state";
}

TEST_P(Applications, PrintRecordsOfSeveralTasksLineByLine) {
    constexpr int kRecords = 100;
    const auto in = create_topic("in", 2);
    std::vector<std::string> lines;  // Without a lock: only one thread at a time writes lines.
    StreamsBuilder builder;
    builder.stream<Text, Text>(in).print({.label = "in", .write = [&](std::string_view line) {
                                              lines.emplace_back(line);
                                              processed.happened();
                                          }});
    StreamsConfig two_threads = config();
    two_threads.num_stream_threads = 2;
    const auto streams = client(std::move(builder).build(), two_threads);

    std::vector<Sent> records;
    std::vector<std::string> expected;
    for (int i = 0; i < kRecords; ++i) {
        records.push_back({i % 2, "k" + std::to_string(i % 2), std::to_string(i), i});
        expected.push_back("[in]: k" + std::to_string(i % 2) + ", " + std::to_string(i));
    }
    send(in, records);
    streams->start();
    ASSERT_TRUE(processed.wait_for(kRecords));
    ASSERT_TRUE(streams->close(kPatience));

    EXPECT_THAT(lines, ::testing::UnorderedElementsAreArray(expected));
}

INSTANTIATE_TEST_SUITE_P(Embedded, Applications, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, Applications, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
