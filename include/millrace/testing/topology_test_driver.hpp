// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/handlers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/testing/test_input_topic.hpp"
#include "millrace/testing/test_output_topic.hpp"
#include "millrace/testing/test_record.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::testing {

/// What a TopologyTestDriver needs besides the topology.
struct DriverOptions {
    /// Settings by name, such as "max.task.idle.ms", with the names and values that a client takes;
    /// what is unknown throws ConfigError. application.id is "test" unless set.
    std::map<std::string, std::string> config{};

    /// Where the wall clock stands at first.
    Timestamp wall_clock = timestamp_of(0);

    /// Used instead of what `config` names.
    DeserializationHandler deserialization_handler{};
    ProcessingHandler processing_handler{};
    ProductionHandler production_handler{};

    /// Where RocksDB stores go; empty: a temporary folder, removed in the end.
    std::filesystem::path state_directory{};

    /// Nothing: a commit after each record, as Kafka Streams' driver does. Else a record is
    /// followed by a commit only when more bytes than that wait for one, as with
    /// statestore.uncommitted.max.bytes in a real application; advance_wall_clock always commits.
    std::optional<std::size_t> commit_above_bytes{};
};

/// Runs a topology in the calling thread, without a broker: for unit tests of applications.
///
///     TopologyTestDriver driver(word_count());
///     auto lines = driver.input_topic<NoKey, std::string>("lines");
///     auto counts = driver.output_topic<std::string, std::int64_t>("word-counts");
///     lines.pipe({}, "to be or not to be");
///     EXPECT_THAT(counts.drain_key_values(), ElementsAre(Pair("to", 1), …));
///
/// Behaves as Kafka Streams' own: every topic has one partition, the whole topology is one task; a
/// record piped in is worked on until nothing is left, with a commit (so caches are flushed) after
/// each record, and what is sent to a topic that is also read comes in again. Records of several
/// topics that wait are taken by time. Time stands still but for advance_wall_clock.
///
/// Errors: what the topology throws for good comes out of pipe and advance_wall_clock; the driver
/// can then only be closed. TopologyError when a serde of the fast form does not append, or keeps
/// parts of the value that its object held (see Serde); serde_check.hpp looks further. Error with
/// kInvalidArgument for topics and stores there are not. Not thread-safe.
class TopologyTestDriver {
  public:
    explicit TopologyTestDriver(Topology topology, DriverOptions options = {});
    ~TopologyTestDriver();  ///< As close(), errors swallowed.
    TopologyTestDriver(TopologyTestDriver&&) noexcept;
    TopologyTestDriver& operator=(TopologyTestDriver&&) noexcept;

    /// A topic to pipe records into. The driver must outlive it.
    template <class K, class V>
    TestInputTopic<K, V> input_topic(std::string name, InputTopicOptions<K, V> options = {}) {
        return TestInputTopic<K, V>(port(), std::move(name), std::move(options));
    }

    /// A topic to read results from, internal topics included ("<application.id>-…-repartition",
    /// "…-changelog"). The driver must outlive it.
    template <class K, class V>
    TestOutputTopic<K, V> output_topic(std::string name, OutputTopicOptions<K, V> options = {}) {
        return TestOutputTopic<K, V>(port(), std::move(name), std::move(options));
    }

    /// Pipes bytes. Without a timestamp: the wall clock.
    void pipe(BytesRecord record);

    /// Takes every record sent since the last call, in the order sent, over all topics. The output
    /// topics have them all the same.
    std::vector<BytesRecord> drain();

    /// Moves the wall clock at once, calls the wall-clock punctuators that are due, each once, and
    /// works until nothing is left.
    void advance_wall_clock(std::chrono::milliseconds by);
    Timestamp wall_clock() const;

    /// The task's stream time; kNoTimestamp before the first record.
    Timestamp stream_time() const;

    /// Names of all topics something was sent to, sorted.
    std::vector<std::string> produced_topics() const;

    /// Names of all stores, global ones included, sorted.
    std::vector<std::string> store_names() const;

    /// Below the serdes; null: there is no such store.
    StateStore* store(const std::string& name);

    /// The same of a known kind.
    KeyValueBytesStore& key_value_store(const std::string& name);
    VersionedBytesStore& versioned_store(const std::string& name);
    WindowBytesStore& window_store(const std::string& name);
    SessionBytesStore& session_store(const std::string& name);

    /// Lets record caches forget the rows they have written: stores then show what is kept, where a
    /// cache may still show expired windows.
    void empty_caches();

    /// Records dropped so far: late, null where none may be, unreadable ones that a handler
    /// skipped.
    std::uint64_t dropped_records() const;

    /// What was committed last: the offset of the next record to process, by input.
    const std::map<TopicPartition, Offset>& committed_offsets() const;

    /// Closes nodes and stores. Idempotent. Throws what they throw.
    void close();

  private:
    class Implementation;

    detail::DriverPort& port();

    std::unique_ptr<Implementation> implementation_;
};

}  // namespace millrace::testing
