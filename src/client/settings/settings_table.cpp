// SPDX-License-Identifier: Apache-2.0
#include "client/settings/settings_table.hpp"

#include "client/settings/client_tags.hpp"
#include "client/settings/lower_case.hpp"
#include "client/settings/optimizations.hpp"
#include "core/topic_name.hpp"
#include "millrace/state/store_engine.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

namespace millrace::client {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kMaxMilliseconds = 365 * kDay;
constexpr std::int64_t kMebibyte = 1 << 20;
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 50;

std::optional<std::int64_t> integer_in(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

template <class T>
std::int64_t as_integer(const T& value) {
    if constexpr (std::is_same_v<T, milliseconds>) {
        return value.count();
    } else {
        return static_cast<std::int64_t>(value);
    }
}

std::string range_text(std::int64_t min, std::int64_t max, std::string_view unit) {
    return "an integer from " + std::to_string(min) + " to " + std::to_string(max) +
           (unit.empty() ? "" : " (" + std::string(unit) + ")");
}

template <class T>
Setting number(std::string name, T StreamsConfig::*field, std::int64_t min, std::int64_t max,
               std::string_view unit = {}) {
    return {
        std::move(name), range_text(min, max, unit),
        [field, min, max](StreamsConfig& config, std::string_view text) {
            const auto value = integer_in(text);
            if (!value || *value < min || *value > max) {
                return false;
            }
            config.*field = static_cast<T>(*value);
            return true;
        },
        [field](const StreamsConfig& config) { return std::to_string(as_integer(config.*field)); },
        [field, min, max](const StreamsConfig& config) {
            const std::int64_t value = as_integer(config.*field);
            return value >= min && value <= max;
        }};
}

Setting duration(std::string name, milliseconds StreamsConfig::*field, std::int64_t min) {
    return number(std::move(name), field, min, kMaxMilliseconds, "milliseconds");
}

Setting size(std::string name, std::size_t StreamsConfig::*field) {
    return number(std::move(name), field, 0, kMaxBytes, "bytes");
}

Setting flag(std::string name, bool StreamsConfig::*field) {
    return {std::move(name),
            "true or false",
            [field](StreamsConfig& config, std::string_view value) {
                const std::string lower = lower_case(value);
                if (lower != "true" && lower != "false") {
                    return false;
                }
                config.*field = lower == "true";
                return true;
            },
            [field](const StreamsConfig& config) { return config.*field ? "true" : "false"; },
            [](const StreamsConfig&) { return true; },
            {{"true"}, {"false"}}};
}

Setting text(std::string name, std::string StreamsConfig::*field, std::string accepts,
             bool (*valid)(std::string_view)) {
    return {std::move(name), std::move(accepts),
            [field, valid](StreamsConfig& config, std::string_view value) {
                if (!valid(value)) {
                    return false;
                }
                config.*field = std::string(value);
                return true;
            },
            [field](const StreamsConfig& config) { return config.*field; },
            [field, valid](const StreamsConfig& config) { return valid(config.*field); }};
}

bool any_text(std::string_view) {
    return true;
}

bool is_topic_name_or_empty(std::string_view value) {
    return value.empty() || is_topic_name(value);
}

/// The last part of a Java class name, so that configuration files of Kafka Streams can be used.
std::string_view class_name(std::string_view value) {
    const auto last = value.find_last_of(".$");
    return last == std::string_view::npos ? value : value.substr(last + 1);
}

/// The index of the choice that `value` spells.
std::optional<std::size_t> choice_of(const Choices& choices, std::string_view value) {
    for (std::size_t i = 0; i < choices.size(); ++i) {
        for (const std::string_view spelling : choices[i]) {
            if (spelling == value || spelling == class_name(value)) {
                return i;
            }
        }
    }
    return std::nullopt;
}

/// A text field that stores Millrace's spelling of the choice.
Setting choice(std::string name, std::string StreamsConfig::*field, std::string accepts,
               Choices choices) {
    return {std::move(name),
            std::move(accepts),
            [field, choices](StreamsConfig& config, std::string_view value) {
                const auto chosen = choice_of(choices, value);
                if (chosen) {
                    config.*field = std::string(choices[*chosen].front());
                }
                return chosen.has_value();
            },
            [field](const StreamsConfig& config) { return config.*field; },
            [field, choices](const StreamsConfig& config) {
                const auto chosen = choice_of(choices, config.*field);
                return chosen && choices[*chosen].front() == config.*field;
            },
            choices};
}

/// A field that stores one of `values`, each of which belongs to the choice at its index.
template <class Enum>
Setting choice(std::string name, Enum StreamsConfig::*field, std::string accepts,
               std::vector<Enum> values, Choices choices) {
    const auto index_in = [field, values](const StreamsConfig& config) {
        return static_cast<std::size_t>(std::find(values.begin(), values.end(), config.*field) -
                                        values.begin());
    };
    return {std::move(name),
            std::move(accepts),
            [field, values, choices](StreamsConfig& config, std::string_view value) {
                const auto chosen = choice_of(choices, value);
                if (chosen) {
                    config.*field = values[*chosen];
                }
                return chosen.has_value();
            },
            [index_in, choices](const StreamsConfig& config) {
                const std::size_t index = index_in(config);
                return index < choices.size() ? std::string(choices[index].front()) : "default";
            },
            [index_in, choices](const StreamsConfig& config) {
                return index_in(config) < choices.size();
            },
            choices};
}

using LoggingHandler = ErrorResponse (*)(const ErrorContext&, const std::exception&);

template <class Handler>
std::string handler_text(const Handler& handler) {
    const auto* function = handler.template target<LoggingHandler>();
    if (function != nullptr && *function == &log_and_fail) {
        return "fail";
    }
    return function != nullptr && *function == &log_and_continue ? "continue" : "custom";
}

template <class Handler>
Setting logging_handler(std::string name, Handler StreamsConfig::*field) {
    const Choices choices{{"fail", "log-and-fail", "LogAndFailExceptionHandler",
                           "LogAndFailProcessingExceptionHandler"},
                          {"continue", "log-and-continue", "LogAndContinueExceptionHandler",
                           "LogAndContinueProcessingExceptionHandler"}};
    return {std::move(name),
            "fail or continue",
            [field, choices](StreamsConfig& config, std::string_view value) {
                const auto chosen = choice_of(choices, value);
                if (chosen) {
                    config.*field = *chosen == 0 ? log_and_fail : log_and_continue;
                }
                return chosen.has_value();
            },
            [field](const StreamsConfig& config) { return handler_text(config.*field); },
            [field](const StreamsConfig& config) { return static_cast<bool>(config.*field); },
            choices};
}

Setting production_handler() {
    const Choices choices{{"retry", "DefaultProductionExceptionHandler"}};
    return {"production.exception.handler",
            "retry",
            [choices](StreamsConfig& config, std::string_view value) {
                if (!choice_of(choices, value)) {
                    return false;
                }
                config.production_exception_handler = retry_or_fail;
                return true;
            },
            [](const StreamsConfig& config) -> std::string {
                using Function = ErrorResponse (*)(const ErrorContext&, const FailedRecord&,
                                                   const std::exception&);
                const auto* function = config.production_exception_handler.target<Function>();
                return function != nullptr && *function == &retry_or_fail ? "retry" : "custom";
            },
            [](const StreamsConfig& config) {
                return static_cast<bool>(config.production_exception_handler);
            },
            choices};
}

Setting guarantee() {
    return choice("processing.guarantee", &StreamsConfig::processing_guarantee,
                  "at_least_once or exactly_once_v2",
                  {ProcessingGuarantee::kAtLeastOnce, ProcessingGuarantee::kExactlyOnceV2},
                  {{"at_least_once"}, {"exactly_once_v2"}});
}

Setting optimization() {
    Setting setting = text("topology.optimization", &StreamsConfig::topology_optimization,
                           std::string(kOptimizationValues),
                           [](std::string_view value) { return optimizations(value).has_value(); });
    setting.choices = {{"none"},
                       {"all"},
                       {"reuse.ktable.source.topics"},
                       {"merge.repartition.topics"},
                       {"single.store.self.join"}};
    return setting;
}

Setting commit_interval() {
    return {"commit.interval.ms", range_text(0, kMaxMilliseconds, "milliseconds"),
            [](StreamsConfig& config, std::string_view value) {
                const auto number = integer_in(value);
                if (!number || *number < 0 || *number > kMaxMilliseconds) {
                    return false;
                }
                config.commit_interval = milliseconds{*number};
                return true;
            },
            [](const StreamsConfig& config) {
                return std::to_string(config.effective_commit_interval().count());
            },
            [](const StreamsConfig& config) {
                const auto count = config.effective_commit_interval().count();
                return count >= 0 && count <= kMaxMilliseconds;
            }};
}

Setting state_dir() {
    return {"state.dir", "a folder",
            [](StreamsConfig& config, std::string_view value) {
                config.state_dir = std::string(value);
                return !value.empty();
            },
            [](const StreamsConfig& config) { return config.state_dir; },
            [](const StreamsConfig& config) { return !config.state_dir.empty(); }};
}

void add_identity(std::vector<Setting>& table) {
    table.push_back(text("application.id", &StreamsConfig::application_id,
                         "a name of letters, digits, '.', '_' and '-' (required)", is_topic_name));
    table.push_back(text("bootstrap.servers", &StreamsConfig::bootstrap_servers,
                         "host:port of brokers, separated by commas", any_text));
    table.push_back(text("client.id", &StreamsConfig::client_id, "any text", any_text));
    table.push_back(state_dir());
}

void add_processing(std::vector<Setting>& table) {
    using C = StreamsConfig;
    constexpr std::int64_t kMany = 1'000'000'000;
    table.push_back(number("num.stream.threads", &C::num_stream_threads, 1, 10'000));
    table.push_back(guarantee());
    table.push_back(commit_interval());
    table.push_back(duration("poll.ms", &C::poll, 0));
    table.push_back(
        number("buffered.records.per.partition", &C::buffered_records_per_partition, 1, kMany));
    table.push_back(duration("max.task.idle.ms", &C::max_task_idle, -1));
    table.push_back(duration("task.timeout.ms", &C::task_timeout, 0));
    table.push_back(duration("repartition.purge.interval.ms", &C::repartition_purge_interval, 0));
    table.push_back(duration("log.summary.interval.ms", &C::log_summary_interval, 0));
    table.push_back(number("replication.factor", &C::replication_factor, -1, 32'767));
    table.push_back(optimization());
    table.push_back(flag("ensure.explicit.internal.resource.naming",
                         &C::ensure_explicit_internal_resource_naming));
    table.push_back(
        choice("default.timestamp.extractor", &C::default_timestamp_extractor,
               "fail, skip, partition_time or wall_clock",
               {TimestampPolicy::kFail, TimestampPolicy::kSkip, TimestampPolicy::kUsePartitionTime,
                TimestampPolicy::kWallClock},
               {{"fail", "FailOnInvalidTimestamp"},
                {"skip", "LogAndSkipOnInvalidTimestamp"},
                {"partition_time", "partition-time", "UsePartitionTimeOnInvalidTimestamp"},
                {"wall_clock", "wall-clock", "WallclockTimestampExtractor"}}));
    table.push_back(logging_handler("deserialization.exception.handler",
                                    &C::deserialization_exception_handler));
    table.push_back(
        logging_handler("processing.exception.handler", &C::processing_exception_handler));
    table.push_back(production_handler());
    table.push_back(text("errors.dead.letter.queue.topic.name",
                         &C::errors_dead_letter_queue_topic_name, "a topic name, or empty",
                         is_topic_name_or_empty));
}

void add_state(std::vector<Setting>& table) {
    using C = StreamsConfig;
    table.push_back(size("statestore.cache.max.bytes", &C::statestore_cache_max_bytes));
    table.push_back(size("statestore.uncommitted.max.bytes", &C::statestore_uncommitted_max_bytes));
    table.push_back(duration("statestore.flush.interval.ms", &C::statestore_flush_interval, 0));
    table.push_back(size("rocksdb.block.cache.bytes", &C::rocksdb_block_cache_bytes));
    table.push_back(size("rocksdb.write.buffer.bytes", &C::rocksdb_write_buffer_bytes));
    table.push_back(choice(
        "rocksdb.compression", &C::rocksdb_compression, "none, lz4 or zstd",
        {{"none", "NO_COMPRESSION"}, {"lz4", "LZ4_COMPRESSION"}, {"zstd", "ZSTD_COMPRESSION"}}));
    table.push_back(
        number("rocksdb.max.background.jobs", &C::rocksdb_max_background_jobs, 0, 1'000));
    table.push_back(number("restore.threads", &C::restore_threads, 0, 1'000));
    table.push_back(number("restore.buffer.max.bytes", &C::restore_buffer_max_bytes, kMebibyte,
                           kMaxBytes, "bytes"));
    table.push_back(choice("default.dsl.store", &C::default_dsl_store, "rocksdb or in_memory",
                           {StoreEngine::kRocksDb, StoreEngine::kInMemory},
                           {{"rocksdb", "rocksDB", "RocksDBDslStoreSuppliers"},
                            {"in_memory", "in-memory", "InMemoryDslStoreSuppliers"}}));
    table.push_back(choice("dsl.store.format", &C::dsl_store_format, "default or headers",
                           {{"default", "DEFAULT"}, {"headers", "HEADERS"}}));
    table.push_back(duration("state.cleanup.delay.ms", &C::state_cleanup_delay, 0));
    table.push_back(duration("windowstore.changelog.additional.retention.ms",
                             &C::windowstore_changelog_additional_retention, 0));
}

void add_assignment(std::vector<Setting>& table) {
    using C = StreamsConfig;
    constexpr std::int64_t kMinute = 60'000;
    constexpr std::int64_t kMaxCost = 1'000'000;
    table.push_back(number("num.standby.replicas", &C::num_standby_replicas, 0, 1'000));
    table.push_back(number("max.warmup.replicas", &C::max_warmup_replicas, 1, 10'000));
    table.push_back(number("acceptable.recovery.lag", &C::acceptable_recovery_lag, 0,
                           std::numeric_limits<std::int64_t>::max(), "records"));
    table.push_back(
        duration("probing.rebalance.interval.ms", &C::probing_rebalance_interval, kMinute));
    table.push_back(text("rack.aware.assignment.tags", &C::rack_aware_assignment_tags,
                         std::string(kRackTagsValues),
                         [](std::string_view value) { return rack_tags(value).has_value(); }));
    table.push_back(choice("rack.aware.assignment.strategy", &C::rack_aware_assignment_strategy,
                           "none, min_traffic or balance_subtopology",
                           {{"none"}, {"min_traffic"}, {"balance_subtopology"}}));
    table.push_back(number("rack.aware.assignment.traffic_cost",
                           &C::rack_aware_assignment_traffic_cost, 0, kMaxCost));
    table.push_back(number("rack.aware.assignment.non_overlap_cost",
                           &C::rack_aware_assignment_non_overlap_cost, 0, kMaxCost));
}

struct Alias {
    std::string_view name;
    std::string_view setting;
};

constexpr std::array<Alias, 4> kAliases{{
    {"cache.max.bytes.buffering", "statestore.cache.max.bytes"},
    {"default.deserialization.exception.handler", "deserialization.exception.handler"},
    {"default.production.exception.handler", "production.exception.handler"},
    {"dsl.store.suppliers.class", "default.dsl.store"},
}};

}  // namespace

const std::vector<Setting>& settings() {
    static const std::vector<Setting> table = [] {
        std::vector<Setting> all;
        add_identity(all);
        add_processing(all);
        add_state(all);
        add_assignment(all);
        return all;
    }();
    return table;
}

const Setting* find_setting(std::string_view name) {
    for (const Alias& alias : kAliases) {
        if (alias.name == name) {
            name = alias.setting;
        }
    }
    const auto& table = settings();
    const auto found = std::find_if(table.begin(), table.end(), [name](const Setting& setting) {
        return setting.name == name;
    });
    return found == table.end() ? nullptr : &*found;
}

bool secret(std::string_view name) {
    constexpr std::array<std::string_view, 10> kParts{
        "password", "passphrase", "secret",       "jaas",       "token",
        "key.pem",  "ssl.key",    "keystore.key", "credential", "oauthbearer.config"};
    return std::any_of(kParts.begin(), kParts.end(), [name](std::string_view part) {
        return name.find(part) != std::string_view::npos;
    });
}

std::string shown(std::string_view name, std::string_view value) {
    return secret(name) ? "[hidden]" : std::string(value);
}

}  // namespace millrace::client
