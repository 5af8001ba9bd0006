// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/handlers.hpp"
#include "millrace/processor/timestamp_extractor.hpp"
#include "millrace/processor/topology_options.hpp"
#include "millrace/state/store_engine.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The effect of a failure on results.
enum class ProcessingGuarantee {
    kAtLeastOnce,    ///< Records after the last commit are processed again.
    kExactlyOnceV2,  ///< Input offsets, changelogs and output are one transaction (KIP-447).
};

/// All settings of a client, by field in code and by Kafka Streams' name in files, the environment
/// and on the command line:
///
///     StreamsConfig config{.application_id = "word-count", .bootstrap_servers = "kafka:9092"};
///     config.num_stream_threads = 4;
///     config.set("producer.compression.type", "zstd");
///
/// Settings of the Kafka clients are passed through, by their name alone (for all clients) or with
/// a prefix: consumer. (all consumers), main.consumer., restore.consumer., global.consumer.,
/// producer. and admin. Both librdkafka's names and the Java clients' common ones are accepted.
/// "topic." is the prefix for settings of internal topics, "client.tag." for the tags of this
/// instance, and "app." for the application's own settings, which processors read through their
/// context.
///
/// Not thread-safe. The client copies it.
struct StreamsConfig {
    /// Name of the group, the internal topics and the state folder. Required: letters, digits, '.',
    /// '_' and '-'.
    std::string application_id{};

    /// "host:port" of some brokers, separated by commas. Required, except with the embedded broker.
    std::string bootstrap_servers{};

    /// Prefix of thread and client names; empty: "<application_id>-<process id>".
    std::string client_id{};

    /// The state directory, with one folder per application. State in /tmp may be lost after a
    /// reboot and is then rebuilt from Kafka: set a persistent folder in production.
    std::string state_dir = "/tmp/millrace";

    /// Number of processing threads. More threads use more cores, up to one per task.
    int num_stream_threads = 1;

    ProcessingGuarantee processing_guarantee = ProcessingGuarantee::kAtLeastOnce;

    /// How often offsets are committed and caches flushed; empty: 30 s, or 100 ms with
    /// exactly-once. Longer: fewer and larger writes, more reprocessing after a crash.
    std::optional<std::chrono::milliseconds> commit_interval{};

    /// Longest wait for records in one round of a thread.
    std::chrono::milliseconds poll{100};

    /// Records prefetched per input partition of a task. More: larger batches, more memory.
    int buffered_records_per_partition = 1000;

    /// How long a task waits for records of an empty input partition. -1: never wait. 0: wait while
    /// the broker has records. >0: also wait this long for new ones.
    std::chrono::milliseconds max_task_idle{0};

    /// How long a task may go without progress because Kafka does not respond, before it fails.
    std::chrono::milliseconds task_timeout{300'000};

    /// Memory of all record caches together. More: fewer intermediate results and fewer writes. A
    /// read cache of the same size holds rows of stores without a record cache, mainly those of
    /// stream-stream joins, to save reads from disk.
    std::size_t statestore_cache_max_bytes = 10 << 20;

    /// Uncommitted state that forces an early commit.
    std::size_t statestore_uncommitted_max_bytes = 64 << 20;

    /// After a crash, older commits are found on disk; later ones are restored from the changelogs.
    /// Shorter: less to restore, and more small files.
    std::chrono::milliseconds statestore_flush_interval{30'000};

    /// RocksDB's block cache for all stores together; write buffers are charged to it.
    std::size_t rocksdb_block_cache_bytes = 64 << 20;

    /// The part of it for write buffers before they are flushed.
    std::size_t rocksdb_write_buffer_bytes = 32 << 20;

    /// How RocksDB compresses new files: "none", "lz4" or "zstd". May be changed at any time:
    /// RocksDB reads files with any compression.
    std::string rocksdb_compression = "none";

    /// Threads of the process in which RocksDB flushes and compacts; 0: one per core, at least two.
    /// With several clients in a process, the largest number is used.
    int rocksdb_max_background_jobs = 0;

    /// Threads that restore stores and keep standbys up to date; 0: half of the cores, at least
    /// one. More: several tasks are restored at the same time.
    int restore_threads = 0;

    /// Memory for changelog records that all restore threads together fetch ahead. More: more
    /// changelogs are read at the same time.
    std::size_t restore_buffer_max_bytes = 128 << 20;

    /// Of internal topics; -1: the brokers' default.
    int replication_factor = -1;

    /// "none", "all", or a list of reuse.ktable.source.topics, merge.repartition.topics,
    /// single.store.self.join. Changing it renames internal topics. Takes effect through
    /// topology_options(); the client refuses a topology that was built without it.
    std::string topology_optimization = "none";

    /// Refuse topologies with generated names of stores and internal topics (KIP-1111). Takes
    /// effect in the same way as topology_optimization.
    bool ensure_explicit_internal_resource_naming = false;

    /// Default engine of stores: kRocksDb or kInMemory.
    StoreEngine default_dsl_store = StoreEngine::kRocksDb;

    /// Row format of the DSL's stores: "default", or "headers" to keep the headers of records where
    /// Kafka Streams does (KIP-1285). Rows on disk in the other format are restored from the
    /// changelog.
    std::string dsl_store_format = "default";

    /// Default timestamp extractor of sources; any except kDefault.
    TimestampPolicy default_timestamp_extractor = TimestampPolicy::kFail;

    /// Handlers for records that cannot be read, processed or sent. See handlers.hpp. By name: fail
    /// or continue (deserialization and processing), also as log-and-fail, log-and-continue and by
    /// the names of Kafka Streams' classes; retry (production).
    DeserializationHandler deserialization_exception_handler = log_and_fail;
    ProcessingHandler processing_exception_handler = log_and_fail;
    ProductionHandler production_exception_handler = retry_or_fail;

    /// Dead letter topic of the built-in handlers; empty: none.
    std::string errors_dead_letter_queue_topic_name{};

    /// Standby replicas of each task: other instances keep copies of its state up to date. More:
    /// tasks of failed instances continue sooner; more disk, memory and reading.
    int num_standby_replicas = 0;

    /// Warm-up replicas in the group at a time: copies on instances that will run the tasks. More:
    /// tasks move sooner; more reading meanwhile.
    int max_warmup_replicas = 2;

    /// An instance may run a task if its copy of the state lacks at most that many changelog
    /// records.
    std::int64_t acceptable_recovery_lag = 10'000;

    /// The interval of probing rebalances, which check for instances that have caught up. They take
    /// place only while tasks wait for one.
    std::chrono::milliseconds probing_rebalance_interval{600'000};

    /// Standbys are placed on instances that differ in these tags: names of "client.tag." settings,
    /// separated by commas, the most important one first. Empty: anywhere.
    std::string rack_aware_assignment_tags{};

    /// How tasks are placed in the racks of their partitions' brokers, by client.rack: "none",
    /// "min_traffic", or "balance_subtopology", which also balances each sub-topology.
    std::string rack_aware_assignment_strategy = "none";

    /// Of stateful tasks: cost of each partition read from another rack, and of a move.
    int rack_aware_assignment_traffic_cost = 10;
    int rack_aware_assignment_non_overlap_cost = 1;

    /// When the folder of a task that moved away is deleted.
    std::chrono::milliseconds state_cleanup_delay{600'000};

    /// How often consumed records of repartition topics are deleted.
    std::chrono::milliseconds repartition_purge_interval{30'000};

    /// Added to a window store's retention for its changelog, to allow for clock differences.
    std::chrono::milliseconds windowstore_changelog_additional_retention{86'400'000};

    /// How often a summary line is logged; 0: never.
    std::chrono::milliseconds log_summary_interval{120'000};

    /// Settings of the Kafka clients, of internal topics ("topic."), tags ("client.tag.") and
    /// settings of the application ("app."), by full name.
    std::map<std::string, std::string> others{};

    /// Reads "name = value" lines like java.util.Properties: '#' and '!' start comments, ':' or
    /// white space may replace '=', a '\' at the end continues a line, "\:" is a ':', "\u00e9" an
    /// 'é' in UTF-8. White space around a value is dropped, as in Kafka, except for "app."
    /// settings. Throws a ConfigError that lists every unknown name (with the nearest known one)
    /// and every invalid value.
    static StreamsConfig from_file(const std::string& file);
    static StreamsConfig from_properties(std::string_view text);

    /// Sets one setting by its name in files. Throws ConfigError.
    StreamsConfig& set(std::string_view name, std::string_view value);

    /// Sets several; throws one ConfigError for all invalid ones, after setting the others.
    StreamsConfig& set_all(const std::map<std::string, std::string>& settings);

    /// Reads MILLRACE_NUM_STREAM_THREADS for num.stream.threads and so on: '_' replaces '.', '__'
    /// replaces '_'. Throws like set_all.
    StreamsConfig& apply_environment();

    /// Reads every "--config name=value" and "--config-file path", in order, and returns the other
    /// arguments, without argv[0]. Throws like set_all.
    std::vector<std::string> apply_arguments(int argc, const char* const* argv);

    /// The value of a setting as text; empty if it is not set or does not exist.
    std::string get(std::string_view name) const;

    /// The effective interval: commit_interval, or the guarantee's default.
    std::chrono::milliseconds effective_commit_interval() const;

    /// The options of the settings for building the topology:
    ///
    ///     std::move(builder).build(config.topology_options());
    ///
    /// Throws ConfigError if topology_optimization is invalid.
    TopologyOptions topology_options() const;

    /// Throws a ConfigError that lists every missing setting and every value out of range. The
    /// client's constructor calls it.
    void validate() const;

    /// All settings, one "name = value" per line, with secrets hidden. For logs.
    std::string to_string() const;
};

}  // namespace millrace
