// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/handlers.hpp"
#include "millrace/processor/topology_options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What a failure may do to results.
enum class ProcessingGuarantee {
    kAtLeastOnce,    ///< Records after the last commit are processed again.
    kExactlyOnceV2,  ///< Input offsets, state and output are one transaction. Not supported yet.
};

/// Everything a client can be told, by field in code and by Kafka Streams' name in files,
/// environment and on the command line:
///
///     StreamsConfig config{.application_id = "word-count", .bootstrap_servers = "kafka:9092"};
///     config.num_stream_threads = 4;
///     config.set("producer.compression.type", "zstd");
///
/// Settings of the Kafka clients pass through, by their name alone (for all clients) or after a
/// prefix: consumer. (all consumers), main.consumer., restore.consumer., global.consumer.,
/// producer. and admin.; both librdkafka's names and the Java clients' common ones are known.
/// "topic." gives settings to internal topics and "app." the application's own settings, which
/// processors read through their context.
///
/// Not thread-safe. The client copies it.
struct StreamsConfig {
    /// Names the group, the internal topics and the state folder. Required: letters, digits,
    /// '.', '_' and '-'.
    std::string application_id{};

    /// "host:port" of some brokers, separated by commas. Required, but on the embedded broker.
    std::string bootstrap_servers{};

    /// Prefix of thread and client names; empty: "<application_id>-<process id>".
    std::string client_id{};

    /// Where state is kept, below it one folder per application. State in /tmp may be lost with a
    /// reboot and is then rebuilt from Kafka: choose a lasting place in production.
    std::filesystem::path state_dir = "/tmp/millrace";

    /// Threads that process. More use more cores, up to one per task.
    int num_stream_threads = 1;

    ProcessingGuarantee processing_guarantee = ProcessingGuarantee::kAtLeastOnce;

    /// How often offsets are committed and caches flushed; nothing: 30 s, or 100 ms with
    /// exactly-once. Longer: fewer and larger writes, more to repeat after a crash.
    std::optional<std::chrono::milliseconds> commit_interval{};

    /// Longest wait for records in one turn of a thread.
    std::chrono::milliseconds poll{100};

    /// Records read ahead per input partition of a task. More: larger batches, more memory.
    int buffered_records_per_partition = 1000;

    /// How long a task waits for the missing side of its inputs: -1 not at all, 0 while the
    /// broker is known to have records, more: this long besides.
    std::chrono::milliseconds max_task_idle{0};

    /// How long a task may go without progress because Kafka does not answer, before it fails.
    std::chrono::milliseconds task_timeout{300'000};

    /// Memory of all record caches together. More: fewer intermediate results and fewer writes. As
    /// much again is for rows that stores without a record cache, those of stream-stream joins
    /// above all, keep so as not to read them from disk.
    std::size_t statestore_cache_max_bytes = 10 << 20;

    /// Uncommitted state that forces an early commit.
    std::size_t statestore_uncommitted_max_bytes = 64 << 20;

    /// After a crash, what was committed longer ago than this is found on disk; the rest is
    /// restored from the changelogs. Shorter: less to restore, and more small files.
    std::chrono::milliseconds statestore_flush_interval{30'000};

    /// RocksDB's block cache for all stores together; write buffers are taken from it.
    std::size_t rocksdb_block_cache_bytes = 64 << 20;

    /// Of that, what write buffers may take before they are flushed.
    std::size_t rocksdb_write_buffer_bytes = 32 << 20;

    /// How RocksDB compresses files that it writes: "none", "lz4" or "zstd". May be changed at any
    /// time: files are read whatever they were written with.
    std::string rocksdb_compression = "none";

    /// Threads of the process in which RocksDB flushes and compacts; 0: one for each core, at least
    /// two. Of several clients in a process, the largest number counts.
    int rocksdb_max_background_jobs = 0;

    /// Of internal topics; -1: the brokers' default.
    int replication_factor = -1;

    /// "none", "all", or a list of reuse.ktable.source.topics, merge.repartition.topics,
    /// single.store.self.join. Changing it renames internal topics. Takes effect through
    /// topology_options(); the client refuses a program that was built with less.
    std::string topology_optimization = "none";

    /// Refuse programs with generated names of stores and internal topics (KIP-1111). Takes effect
    /// as topology_optimization does.
    bool ensure_explicit_internal_resource_naming = false;

    /// Engine of stores that name none: "rocksdb" or "in_memory".
    std::string default_dsl_store = "rocksdb";

    /// Rows of the DSL's stores: "default", or "headers" to keep the headers of records where Kafka
    /// Streams does (KIP-1285). Rows on disk in the other format are restored from the changelog.
    std::string dsl_store_format = "default";

    /// Timestamp extractor of sources that name none: fail, skip, partition_time or wall_clock.
    std::string default_timestamp_extractor = "fail";

    /// Decide about records that cannot be read, processed or sent. See handlers.hpp. By name:
    /// fail or continue (deserialization and processing), also as log-and-fail, log-and-continue
    /// and by the names of Kafka Streams' classes; retry (production).
    DeserializationHandler deserialization_exception_handler = log_and_fail;
    ProcessingHandler processing_exception_handler = log_and_fail;
    ProductionHandler production_exception_handler = retry_or_fail;

    /// Topic to which the handlers that come with the library send what they skip; empty: none.
    std::string errors_dead_letter_queue_topic_name{};

    /// Copies of state kept on other instances. Only 0 is supported yet.
    int num_standby_replicas = 0;

    /// Age at which the folder of a task that moved away is deleted.
    std::chrono::milliseconds state_cleanup_delay{600'000};

    /// How often consumed records of repartition topics are deleted.
    std::chrono::milliseconds repartition_purge_interval{30'000};

    /// Added to a window store's retention for its changelog, against clock differences.
    std::chrono::milliseconds windowstore_changelog_additional_retention{86'400'000};

    /// How often a summary line is logged; 0: never.
    std::chrono::milliseconds log_summary_interval{120'000};

    /// Settings of the Kafka clients, of internal topics ("topic.") and of the application
    /// ("app."), by full name.
    std::map<std::string, std::string> others{};

    /// Reads "name = value" lines as java.util.Properties does: '#' and '!' begin comments, ':' or
    /// white space may stand for '=', a '\' at the end continues a line, "\:" is a ':', "\u00e9" an
    /// 'é' in UTF-8. Blanks around a value are dropped, as Kafka does, but for "app." settings.
    /// Throws ConfigError that lists every unknown name (with the nearest known one) and every
    /// value that cannot be read.
    static StreamsConfig from_file(const std::filesystem::path& file);
    static StreamsConfig from_properties(std::string_view text);

    /// Sets one setting by its name in files. Throws ConfigError.
    StreamsConfig& set(std::string_view name, std::string_view value);

    /// Sets many; throws one ConfigError for all that are wrong, after setting the others.
    StreamsConfig& set_all(const std::map<std::string, std::string>& settings);

    /// Takes MILLRACE_NUM_STREAM_THREADS for num.stream.threads and so on: '_' stands for '.',
    /// '__' for '_'. Throws as set_all.
    StreamsConfig& apply_environment();

    /// Takes every "--config name=value" and "--config-file path", in order, and returns the other
    /// arguments, without the program's name. Throws as set_all.
    std::vector<std::string> apply_arguments(int argc, const char* const* argv);

    /// The value of a setting as text; empty when it is not set or there is none of that name.
    std::string get(std::string_view name) const;

    /// The interval in force: commit_interval, or the guarantee's default.
    std::chrono::milliseconds effective_commit_interval() const;

    /// What the settings say about building the program:
    ///
    ///     std::move(builder).build(config.topology_options());
    ///
    /// Throws ConfigError when topology_optimization cannot be read.
    TopologyOptions topology_options() const;

    /// Throws ConfigError that lists every missing setting and every value out of its range.
    /// The client's constructor does it.
    void validate() const;

    /// All settings, "name = value" line by line, secrets hidden. For logs.
    std::string to_string() const;
};

}  // namespace millrace
