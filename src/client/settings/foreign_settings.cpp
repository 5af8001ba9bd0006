// SPDX-License-Identifier: Apache-2.0
#include "client/settings/foreign_settings.hpp"

#include "client/settings/lower_case.hpp"

#include <algorithm>
#include <array>

namespace millrace::client {

namespace {

struct Reason {
    std::string_view name;
    std::string_view text;
};

/// Settings that are refused, whatever their value is.
constexpr std::string_view kByType = "the compiler chooses serdes by type";
constexpr std::string_view kInCode = "Millrace does not load classes: set it in code";
constexpr std::string_view kNoClasses = "Millrace does not load classes";
constexpr std::array kWithoutPlace{
    Reason{"default.key.serde", kByType},
    Reason{"default.value.serde", kByType},
    Reason{"default.list.key.serde.type", kByType},
    Reason{"default.list.value.serde.type", kByType},
    Reason{"default.list.key.serde.inner", kByType},
    Reason{"default.list.value.serde.inner", kByType},
    Reason{"windowed.inner.class.serde", kByType},
    Reason{"window.size.ms", kByType},
    Reason{"default.client.supplier", kInCode},
    Reason{"rocksdb.config.setter", kInCode},
    Reason{"metric.reporters", kInCode},
    Reason{"task.assignor.class", kInCode},
    Reason{"processor.wrapper.class",
           "Millrace does not load classes: pass it to the builder as "
           "TopologyOptions::processor_wrapper"},
    Reason{"config.providers", kInCode},
    Reason{"enable.transactional.statestores", "state is always transactional"},
    Reason{"interceptor.classes", kNoClasses},
    Reason{"security.providers", kNoClasses},
    Reason{"partitioner.class",
           "Millrace does not load classes: pass a partitioner to the sink in code"},
};

/// Settings that are accepted and ignored with a warning.
constexpr std::string_view kAllMetrics = "metrics are totals, and all of them are recorded";
constexpr std::string_view kOwnAssignor =
    "the tasks of a group are assigned by Millrace's own assignor";
constexpr std::string_view kOwnCommits =
    "Millrace commits the offsets of the records that it has processed";
constexpr std::string_view kNoSuchClientSetting = "librdkafka has no such setting";
constexpr std::string_view kOneLevel =
    "librdkafka has one level for all types: set producer.compression.level";
constexpr std::string_view kOwnPartitions =
    "Millrace chooses the partition of every record: by its key, or with the sink's partitioner";
constexpr std::array kWithoutEffect{
    Reason{"application.server",
           "queries are not routed between instances yet: each instance answers for its own tasks"},
    Reason{"upgrade.from", "all versions of Millrace have the same rebalance protocol"},
    Reason{"metrics.recording.level", kAllMetrics},
    Reason{"metrics.num.samples", kAllMetrics},
    Reason{"metrics.sample.window.ms", kAllMetrics},
    Reason{"built.in.metrics.version", kAllMetrics},
    Reason{"auto.include.jmx.reporter", "metrics are read with KafkaStreams::metrics()"},
    Reason{"default.interactive.query.isolation.level",
           "queries read what the thread of the store has processed"},
    Reason{"topology.description.push.enabled", "the topology is not sent to the brokers"},
    Reason{"allow.os.group.write.access", "the umask of the process applies to the state"},
    Reason{"state.cleanup.dir.max.age.ms",
           "state.cleanup.delay.ms decides when unused state is deleted"},
    Reason{"max.poll.records",
           "each partition is fetched separately: buffered.records.per.partition limits how many "
           "records a task buffers"},
    Reason{"key.deserializer", kByType},
    Reason{"value.deserializer", kByType},
    Reason{"key.serializer", kByType},
    Reason{"value.serializer", kByType},
    Reason{"group.id", "the group is application.id"},
    Reason{"partition.assignment.strategy", kOwnAssignor},
    Reason{"group.remote.assignor", kOwnAssignor},
    Reason{"enable.auto.commit", kOwnCommits},
    Reason{"enable.auto.offset.store", kOwnCommits},
    Reason{"auto.commit.interval.ms", "commit.interval.ms decides how often offsets are committed"},
    Reason{"allow.auto.create.topics", "topics that a client reads are never created by reading"},
    Reason{"enable.partition.eof", "Millrace needs the end of each partition"},
    Reason{"client.id", "the names of the Kafka clients are derived from the setting client.id"},
    Reason{"transactional.id", "transactional ids are derived from application.id"},
    Reason{"default.api.timeout.ms", kNoSuchClientSetting},
    Reason{"exclude.internal.topics", kNoSuchClientSetting},
    Reason{"max.block.ms", kNoSuchClientSetting},
    Reason{"metadata.max.idle.ms", kNoSuchClientSetting},
    Reason{"socket.connection.setup.timeout.max.ms", kNoSuchClientSetting},
    Reason{"compression.gzip.level", kOneLevel},
    Reason{"compression.lz4.level", kOneLevel},
    Reason{"compression.zstd.level", kOneLevel},
    Reason{"partitioner.adaptive.partitioning.enable", kOwnPartitions},
    Reason{"partitioner.availability.timeout.ms", kOwnPartitions},
    Reason{"partitioner.ignore.keys", kOwnPartitions},
};

/// Settings of consumers that have no effect on the restore consumer and the global consumer.
constexpr std::array kOfMainConsumer{
    Reason{"auto.offset.reset", "stores are read from where their content ends"},
    Reason{"group.instance.id", "only the main consumer joins the group"},
};

/// Settings that Millrace accepts with some of Kafka's values only.
struct Values {
    std::string_view name;
    std::array<std::string_view, 2> accepted;
    std::string_view text;
};
constexpr std::array kSomeValues{
    Values{"isolation.level",
           {"read_uncommitted", "read_committed"},
           "must be read_uncommitted or read_committed"},
    Values{"group.protocol",
           {"classic", "classic"},
           "must be classic: the other protocols have no assignor in the client"},
    Values{"processing.exception.handler.global.enabled",
           {"false", "false"},
           "must be false: the handler is not called for global stores"},
};

constexpr std::array<std::string_view, 2> kInternal{
    "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__",
    "__emit.interval.ms.kstreams.windowed.aggregation__"};

template <std::size_t kSize>
std::optional<std::string> reason_in(const std::array<Reason, kSize>& list, std::string_view name) {
    const auto found = std::find_if(list.begin(), list.end(),
                                    [name](const Reason& entry) { return entry.name == name; });
    return found == list.end() ? std::nullopt : std::optional(std::string(found->text));
}

const Values* some_values(std::string_view name) {
    name = without_client_prefix(name);
    const auto found = std::find_if(kSomeValues.begin(), kSomeValues.end(),
                                    [name](const Values& entry) { return entry.name == name; });
    return found == kSomeValues.end() ? nullptr : found;
}

}  // namespace

std::string_view without_client_prefix(std::string_view name) {
    constexpr std::array<std::string_view, 6> kPrefixes{"main.consumer.",   "restore.consumer.",
                                                        "global.consumer.", "consumer.",
                                                        "producer.",        "admin."};
    for (const std::string_view prefix : kPrefixes) {
        if (name.starts_with(prefix)) {
            return name.substr(prefix.size());
        }
    }
    return name;
}

std::optional<std::string> reason_without_place(std::string_view name) {
    return reason_in(kWithoutPlace, without_client_prefix(name));
}

std::optional<std::string> reason_without_effect(std::string_view name) {
    const std::string_view plain = without_client_prefix(name);
    if (name.starts_with("restore.consumer.") || name.starts_with("global.consumer.")) {
        if (auto reason = reason_in(kOfMainConsumer, plain)) {
            return reason;
        }
    }
    return reason_in(kWithoutEffect, plain);
}

bool has_some_values(std::string_view name) {
    return some_values(name) != nullptr;
}

std::optional<std::string> reason_not_accepted(std::string_view name, std::string_view value) {
    const Values* values = some_values(name);
    if (values == nullptr || std::find(values->accepted.begin(), values->accepted.end(),
                                       lower_case(value)) != values->accepted.end()) {
        return std::nullopt;
    }
    return std::string(values->text);
}

std::vector<std::string> settings_without_effect(const StreamsConfig& config) {
    const bool exactly_once = config.processing_guarantee == ProcessingGuarantee::kExactlyOnceV2;
    std::vector<std::string> lines;
    for (const auto& [name, value] : config.others) {
        auto reason = reason_without_effect(name);
        if (exactly_once && without_client_prefix(name) == "isolation.level" &&
            lower_case(value) != "read_committed") {
            reason = "with exactly_once_v2, all consumers are read_committed";
        }
        if (reason) {
            lines.push_back("setting without effect: " + name + ": " + *reason);
        }
    }
    return lines;
}

bool is_internal_setting(std::string_view name) {
    return std::find(kInternal.begin(), kInternal.end(), name) != kInternal.end();
}

}  // namespace millrace::client
