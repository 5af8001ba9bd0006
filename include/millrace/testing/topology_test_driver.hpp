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

/// Settings of a TopologyTestDriver.
struct DriverOptions {
    /// Settings by name, such as "max.task.idle.ms", with the names and values of a client; unknown
    /// settings throw ConfigError. application.id is "test" by default.
    std::map<std::string, std::string> config{};

    /// The initial wall-clock time.
    Timestamp wall_clock = timestamp_of(0);

    /// Override the handlers of `config`.
    DeserializationHandler deserialization_handler{};
    ProcessingHandler processing_handler{};
    ProductionHandler production_handler{};

    /// The folder of RocksDB stores; empty: a temporary folder, which is deleted at the end.
    std::filesystem::path state_directory{};

    /// Empty: a commit after each record, as in Kafka Streams' driver. Otherwise a commit follows a
    /// record only if there are more uncommitted bytes than this, as with
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
/// Behaves like Kafka Streams' driver: every topic has one partition, and the whole topology is one
/// task. An input record is processed completely, with a commit (and flushed caches) after each
/// record; records that are sent to an input topic are read again. Records of several topics are
/// processed by time. Time advances only in advance_wall_clock.
///
/// Errors: pipe and advance_wall_clock throw the topology's permanent errors; the driver can then
/// only be closed. TopologyError if a serde of the fast form does not append, or keeps parts of the
/// earlier value of its object (see Serde); serde_check.hpp checks more. Error with
/// kInvalidArgument for unknown topics and stores. Not thread-safe.
class TopologyTestDriver {
  public:
    explicit TopologyTestDriver(Topology topology, DriverOptions options = {});
    ~TopologyTestDriver();  ///< Like close(), with errors ignored.
    TopologyTestDriver(TopologyTestDriver&&) noexcept;
    TopologyTestDriver& operator=(TopologyTestDriver&&) noexcept;

    /// A topic to pipe records into. The driver must outlive it.
    template <class K, class V>
    TestInputTopic<K, V> input_topic(std::string name, InputTopicOptions<K, V> options = {}) {
        return TestInputTopic<K, V>(port(), std::move(name), std::move(options));
    }

    /// A topic to read results from, including internal topics ("<application.id>-…-repartition",
    /// "…-changelog"). The driver must outlive it.
    template <class K, class V>
    TestOutputTopic<K, V> output_topic(std::string name, OutputTopicOptions<K, V> options = {}) {
        return TestOutputTopic<K, V>(port(), std::move(name), std::move(options));
    }

    /// Pipes bytes. Without a timestamp: the wall clock.
    void pipe(BytesRecord record);

    /// Returns every record sent since the last call, in order, over all topics. Output topics
    /// still have them.
    std::vector<BytesRecord> drain();

    /// Advances the wall clock in one step, calls the due wall-clock punctuators, each once, and
    /// processes all records.
    void advance_wall_clock(std::chrono::milliseconds by);
    Timestamp wall_clock() const;

    /// The task's stream time; kNoTimestamp before the first record.
    Timestamp stream_time() const;

    /// Names of all topics that records were sent to, sorted.
    std::vector<std::string> produced_topics() const;

    /// Names of all stores, including global ones, sorted.
    std::vector<std::string> store_names() const;

    /// Below the serdes; null: there is no such store.
    StateStore* store(const std::string& name);

    /// The same of a known kind.
    KeyValueBytesStore& key_value_store(const std::string& name);
    VersionedBytesStore& versioned_store(const std::string& name);
    WindowBytesStore& window_store(const std::string& name);
    SessionBytesStore& session_store(const std::string& name);

    /// Removes flushed rows from the record caches: stores then return stored rows, while a cache
    /// may still return expired windows.
    void empty_caches();

    /// Records dropped so far: late records, nulls that the types do not allow, unreadable records
    /// that a handler skipped.
    std::uint64_t dropped_records() const;

    /// The last commit: the offset of the next record to process, by input.
    const std::map<TopicPartition, Offset>& committed_offsets() const;

    /// Closes nodes and stores. Idempotent. Throws their exceptions.
    void close();

  private:
    class Implementation;

    detail::DriverPort& port();

    std::unique_ptr<Implementation> implementation_;
};

}  // namespace millrace::testing
