// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_admin.hpp"

#include "kafka/rdkafka/status_of_error.hpp"
#include "kafka/rdkafka/timeouts.hpp"
#include "millrace/core/error.hpp"

#include <charconv>
#include <string_view>
#include <utility>

namespace millrace::kafka {
namespace {

using std::chrono::milliseconds;

// Waits for a call about topics. `result_of` and `topics_of` are librdkafka's functions for the
// event of that call. One status for each topic, in the order of the request.
template <class RdResult>
Result<std::vector<Status>> wait_for_topics(
    AdminCall& call, const RdResult* (*result_of)(rd_kafka_event_t*),
    const rd_kafka_topic_result_t** (*topics_of)(const RdResult*, std::size_t*),
    const std::string& doing) {
    const Result<RdEvent> answer = call.wait();
    if (!answer.ok()) {
        return answer.status();
    }
    std::size_t count = 0;
    const auto* const* const results = topics_of(result_of(answer.value().get()), &count);
    std::vector<Status> statuses;
    for (const auto* result : std::span(results, count)) {
        const char* const detail = rd_kafka_topic_result_error_string(result);
        statuses.push_back(status_of_error(rd_kafka_topic_result_error(result),
                                           doing + " " + rd_kafka_topic_result_name(result),
                                           detail != nullptr ? detail : ""));
    }
    return statuses;
}

RdConfig make_admin_config(const ClientSettings& settings) {
    RdConfig config = make_config(settings);
    // Relevant errors are returned by the failing call; no code serves this queue.
    rd_kafka_conf_set_error_cb(config.get(), [](rd_kafka_t*, int, const char*, void*) noexcept {});
    return config;
}

std::span<const rd_kafka_ConfigResource_t* const> described(const RdEvent& answer) {
    std::size_t count = 0;
    const auto* const* const resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(answer.get()), &count);
    return std::span(resources, count);
}

std::span<const rd_kafka_ConfigEntry_t* const> entries_of(
    const rd_kafka_ConfigResource_t& resource) {
    std::size_t count = 0;
    const auto* const* const entries = rd_kafka_ConfigResource_configs(&resource, &count);
    return std::span(entries, count);
}

// The effective value of a setting. Empty if the broker does not return it.
std::optional<std::string_view> setting(const rd_kafka_ConfigResource_t& resource,
                                        std::string_view name) {
    for (const auto* entry : entries_of(resource)) {
        const char* const value = rd_kafka_ConfigEntry_value(entry);
        if (rd_kafka_ConfigEntry_name(entry) == name && value != nullptr) {
            return value;
        }
    }
    return std::nullopt;
}

Result<std::int64_t> number_setting(const rd_kafka_ConfigResource_t& resource,
                                    const std::string& name) {
    const std::string doing =
        "cannot read " + name + " of topic " + rd_kafka_ConfigResource_name(&resource);
    const rd_kafka_resp_err_t error = rd_kafka_ConfigResource_error(&resource);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return status_of_error(error, doing);
    }
    if (const auto text = setting(resource, name)) {
        std::int64_t value = 0;
        const auto [end, failed] =
            std::from_chars(text->data(), text->data() + text->size(), value);
        if (failed == std::errc{} && end == text->data() + text->size()) {
            return value;
        }
    }
    return Status(ErrorCode::kOther, doing + ": the broker did not return it");
}

Result<std::int64_t> largest_batch(const rd_kafka_ConfigResource_t& resource) {
    return number_setting(resource, "max.message.bytes");
}

Result<std::optional<milliseconds>> removals_kept(const rd_kafka_ConfigResource_t& resource) {
    const Result<std::int64_t> kept = number_setting(resource, "delete.retention.ms");
    if (!kept.ok()) {
        return kept.status();
    }
    const auto policy = setting(resource, "cleanup.policy");
    if (policy && policy->find("compact") == std::string_view::npos) {
        return std::optional<milliseconds>();
    }
    return std::optional(milliseconds(kept.value()));
}

}  // namespace

RdAdmin::RdAdmin(const ClientSettings& settings)
    : settings_(
          merged({.defaults = {{"socket.nagle.disable", "true"}, {"enable.metrics.push", "false"}},
                  .fixed = {}},
                 settings)),
      client_(make_client(RD_KAFKA_PRODUCER, make_admin_config(settings_), nullptr)) {}

rd_kafka_t* RdAdmin::client_of_group(const std::string& group) {
    const MutexLock lock(mutex_);
    RdClient& client = group_clients_[group];
    if (client == nullptr) {
        ClientSettings settings = settings_;
        settings["group.id"] = group;
        settings["isolation.level"] = "read_uncommitted";  // Offsets without pending ones.
        client = make_client(RD_KAFKA_CONSUMER, make_admin_config(settings), nullptr);
    }
    return client.get();
}

/// Calls `each` with the partitions of each of these topics that exists.
Status RdAdmin::describe(
    std::span<const std::string> topics, milliseconds timeout,
    const std::function<void(const std::string& topic,
                             std::span<const rd_kafka_TopicPartitionInfo_t* const>)>& each) {
    if (topics.empty()) {
        return {};
    }
    AdminCall call(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout,
                   "cannot describe topics");
    std::vector<const char*> pointers;
    for (const auto& name : topics) {
        pointers.push_back(name.c_str());
    }
    const std::unique_ptr<rd_kafka_TopicCollection_t, FreeBy<rd_kafka_TopicCollection_destroy>>
        names(rd_kafka_TopicCollection_of_topic_names(pointers.data(), pointers.size()));
    rd_kafka_DescribeTopics(client_.get(), names.get(), call.options(), call.answers());
    const Result<RdEvent> answer = call.wait();
    if (!answer.ok()) {
        return answer.status();
    }
    std::size_t count = 0;
    const auto* const* const found = rd_kafka_DescribeTopics_result_topics(
        rd_kafka_event_DescribeTopics_result(answer.value().get()), &count);
    for (const auto* topic : std::span(found, count)) {
        const rd_kafka_error_t* const error = rd_kafka_TopicDescription_error(topic);
        const rd_kafka_resp_err_t number =
            error != nullptr ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
        if (code_of_error(number) == ErrorCode::kUnknownTopic) {
            continue;
        }
        const std::string name = rd_kafka_TopicDescription_name(topic);
        if (number != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return status_of_error(number, "cannot describe topic " + name);
        }
        std::size_t partitions = 0;
        const auto* const* const infos = rd_kafka_TopicDescription_partitions(topic, &partitions);
        each(name, std::span(infos, partitions));
    }
    return {};
}

Result<PartitionCounts> RdAdmin::describe_topics(std::span<const std::string> names,
                                                 milliseconds timeout) {
    PartitionCounts counts;
    const Status status =
        describe(names, timeout, [&counts](const std::string& topic, const auto& partitions) {
            counts.emplace(topic, static_cast<Partition>(partitions.size()));
        });
    return status.ok() ? Result<PartitionCounts>(std::move(counts)) : status;
}

Result<ReplicaRacks> RdAdmin::replica_racks(std::span<const std::string> topics,
                                            milliseconds timeout) {
    ReplicaRacks racks;
    const Status status =
        describe(topics, timeout, [&racks](const std::string& topic, const auto& partitions) {
            for (const rd_kafka_TopicPartitionInfo_t* const info : partitions) {
                auto& of = racks[{topic, rd_kafka_TopicPartitionInfo_partition(info)}];
                std::size_t count = 0;
                const auto* const* const replicas =
                    rd_kafka_TopicPartitionInfo_replicas(info, &count);
                for (const rd_kafka_Node_t* const node : std::span(replicas, count)) {
                    const char* const rack = rd_kafka_Node_rack(node);
                    of.insert(rack == nullptr ? "" : rack);
                }
            }
        });
    return status.ok() ? Result<ReplicaRacks>(std::move(racks)) : status;
}

Result<PartitionCounts> RdAdmin::list_topics(milliseconds timeout) {
    const rd_kafka_metadata_t* raw = nullptr;
    const rd_kafka_resp_err_t error =
        rd_kafka_metadata(client_.get(), 1, nullptr, &raw, to_rd_timeout(timeout));
    const RdMetadata metadata(raw);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return status_of_error(error, "cannot list topics");
    }
    PartitionCounts counts;
    for (const auto& topic :
         std::span(metadata->topics, static_cast<std::size_t>(metadata->topic_cnt))) {
        if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            counts.emplace(topic.topic, topic.partition_cnt);
        }
    }
    return counts;
}

Result<std::vector<Status>> RdAdmin::create_topics(std::span<const NewTopic> topics,
                                                   milliseconds timeout) {
    if (topics.empty()) {
        return std::vector<Status>{};
    }
    AdminCall call(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout, "cannot create topics");
    call.wait_for_effect();
    RequestArray<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> requests;
    for (const auto& topic : topics) {
        char text[512] = "";
        rd_kafka_NewTopic_t* const request = rd_kafka_NewTopic_new(
            topic.name.c_str(), topic.partitions, topic.replication_factor, text, sizeof text);
        if (request == nullptr) {
            return Status(ErrorCode::kInvalidConfig,
                          "cannot create topic " + topic.name + ": " + text);
        }
        requests.add(request);
        for (const auto& [name, value] : topic.config) {
            rd_kafka_NewTopic_set_config(request, name.c_str(), value.c_str());
        }
    }
    rd_kafka_CreateTopics(client_.get(), requests.data(), requests.size(), call.options(),
                          call.answers());
    return wait_for_topics(call, rd_kafka_event_CreateTopics_result,
                           rd_kafka_CreateTopics_result_topics, "cannot create topic");
}

Result<std::vector<Status>> RdAdmin::delete_topics(std::span<const std::string> names,
                                                   milliseconds timeout) {
    if (names.empty()) {
        return std::vector<Status>{};
    }
    AdminCall call(client_.get(), RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout, "cannot delete topics");
    call.wait_for_effect();
    RequestArray<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy> requests;
    for (const auto& name : names) {
        requests.add(rd_kafka_DeleteTopic_new(name.c_str()));
    }
    rd_kafka_DeleteTopics(client_.get(), requests.data(), requests.size(), call.options(),
                          call.answers());
    return wait_for_topics(call, rd_kafka_event_DeleteTopics_result,
                           rd_kafka_DeleteTopics_result_topics, "cannot delete topic");
}

Result<RdEvent> RdAdmin::describe_configs(AdminCall& call, std::span<const std::string> topics) {
    RequestArray<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy> requests;
    for (const std::string& topic : topics) {
        requests.add(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    }
    rd_kafka_DescribeConfigs(client_.get(), requests.data(), requests.size(), call.options(),
                             call.answers());
    return call.wait();
}

Result<std::map<std::string, std::string>> RdAdmin::topic_config(const std::string& name,
                                                                 milliseconds timeout) {
    AdminCall call(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout,
                   "cannot read the configuration of topic " + name);
    const Result<RdEvent> answer = describe_configs(call, {&name, 1});
    if (!answer.ok()) {
        return answer.status();
    }
    std::map<std::string, std::string> config;
    for (const auto* resource : described(answer.value())) {
        const rd_kafka_resp_err_t error = rd_kafka_ConfigResource_error(resource);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return status_of_error(error, call.doing());
        }
        for (const auto* entry : entries_of(*resource)) {
            const char* const value = rd_kafka_ConfigEntry_value(entry);
            if (rd_kafka_ConfigEntry_source(entry) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG &&
                value != nullptr) {
                config.emplace(rd_kafka_ConfigEntry_name(entry), value);
            }
        }
    }
    return config;
}

template <class T>
Result<std::vector<Result<T>>> RdAdmin::read_configs(
    std::span<const std::string> names, const char* doing, milliseconds timeout,
    Result<T> (*read)(const rd_kafka_ConfigResource_t&)) {
    std::vector<Result<T>> values;
    if (names.empty()) {
        return values;
    }
    AdminCall call(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout, doing);
    const Result<RdEvent> answer = describe_configs(call, names);
    if (!answer.ok()) {
        return answer.status();
    }
    std::map<std::string_view, const rd_kafka_ConfigResource_t*> found;
    for (const auto* resource : described(answer.value())) {
        found.emplace(rd_kafka_ConfigResource_name(resource), resource);
    }
    for (const std::string& name : names) {
        const auto resource = found.find(name);
        values.push_back(resource != found.end()
                             ? read(*resource->second)
                             : Status(ErrorCode::kOther, "no response for topic " + name));
    }
    return values;
}

Result<std::vector<Result<std::int64_t>>> RdAdmin::largest_batches(
    std::span<const std::string> names, milliseconds timeout) {
    return read_configs(names, "cannot read max.message.bytes of topics", timeout, &largest_batch);
}

Result<std::vector<Result<std::optional<milliseconds>>>> RdAdmin::removals_kept_for(
    std::span<const std::string> names, milliseconds timeout) {
    return read_configs(names, "cannot read delete.retention.ms of topics", timeout,
                        &removals_kept);
}

}  // namespace millrace::kafka
