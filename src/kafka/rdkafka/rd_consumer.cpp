// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_consumer.hpp"

#include "core/check.hpp"
#include "core/topic_matcher.hpp"
#include "kafka/rdkafka/internals_shim.h"
#include "kafka/rdkafka/partition_lists.hpp"
#include "kafka/rdkafka/status_of_error.hpp"
#include "kafka/rdkafka/timeouts.hpp"
#include "millrace/core/error.hpp"

#include <array>
#include <optional>
#include <utility>

namespace millrace::kafka {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBatchSize = 1024;
constexpr milliseconds kMetadataTimeout{2000};
constexpr std::uint64_t kWakeOnce = 1;  // The value that is written to an eventfd.

OwnSettings own_settings(bool joins_groups) {
    OwnSettings own;
    own.defaults = {
        // A broker without records responds after this time. It limits how late a seek or a newly
        // assigned partition is served on a quiet connection.
        {"fetch.wait.max.ms", "100"},
        // The interval at which a full queue is checked again. The default of 1 s starves a fast
        // reader.
        {"fetch.queue.backoff.ms", "10"},
        // Both limits apply per partition: each has its own queue, and up to the same number of
        // records may have been taken from it and not been read.
        {"queued.min.messages", "10000"},
        {"queued.max.messages.kbytes", "8192"},
        {"socket.nagle.disable", "true"},
        {"enable.metrics.push", "false"},
    };
    own.fixed = {
        {"enable.auto.commit", "false"},  {"enable.auto.offset.store", "false"},
        {"enable.partition.eof", "true"},  // Reports the end of the log, including control records.
        {"auto.offset.reset", "error"},    // The runtime decides where to continue.
        {"group.protocol", "classic"},     // The other protocol has no assignor on the client.
    };
    if (joins_groups) {
        own.fixed.emplace("partition.assignment.strategy", "cooperative-sticky");
        // Members notice a rebalance with a heartbeat, and all others wait for them. With the
        // default of 3 s, the tasks of a member that has left wait for that long.
        own.defaults.emplace("heartbeat.interval.ms", "500");
    } else {
        own.defaults.emplace("group.id", "millrace-without-group");  // librdkafka requires one.
    }
    return own;
}

std::string setting(rd_kafka_conf_t& config, const char* name) {
    std::array<char, 512> value{};
    std::size_t size = value.size();
    if (rd_kafka_conf_get(&config, name, value.data(), &size) != RD_KAFKA_CONF_OK) {
        return {};
    }
    return value.data();
}

}  // namespace

void RdConsumer::Destroy::operator()(rd_kafka_t* client) const noexcept {
    // To leave the group, call close(): the destructor does not wait for the network.
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

RdConsumer::RdConsumer(const ClientSettings& settings, std::shared_ptr<GroupAssignor> assignor)
    : bridge_(assignor != nullptr ? std::make_unique<AssignorBridge>(std::move(assignor))
                                  : nullptr) {
    context_.batch.resize(kBatchSize);
    RdConfig config = make_config(merged(own_settings(bridge_ != nullptr), settings));
    rd_kafka_conf_set_rebalance_cb(config.get(), rebalance_callback);
    rd_kafka_conf_set_error_cb(config.get(), error_callback);
    context_.read_committed = setting(*config, "isolation.level") == "read_committed";
    group_id_ = setting(*config, "group.id");
    group_instance_id_ = setting(*config, "group.instance.id");

    client_.reset(make_client(RD_KAFKA_CONSUMER, std::move(config), this).release());
    if (bridge_ != nullptr) {
        bridge_->install(client_.get());
    }
    rd_kafka_poll_set_consumer(client_.get());
    events_.reset(rd_kafka_queue_get_consumer(client_.get()));
    rd_kafka_queue_io_event_enable(events_.get(), wake_.fd(), &kWakeOnce, sizeof kWakeOnce);
}

RdConsumer::~RdConsumer() {
    // No callbacks are allowed from now on.
    listener_ = nullptr;
    rd_kafka_queue_io_event_enable(events_.get(), -1, nullptr, 0);
    queues_.clear();
    if (bridge_ != nullptr && rd_kafka_consumer_closed(client_.get()) == 0) {
        abandon_group();
    }
}

Status RdConsumer::subscribe(const Subscription& subscription, ConsumerListener& listener) {
    MILLRACE_CHECK(bridge_ != nullptr);
    listener_ = &listener;
    const RdList list(
        rd_kafka_topic_partition_list_new(static_cast<int>(subscription.topics.size()) + 1));
    if (!subscription.pattern.empty()) {
        // librdkafka interprets a leading caret as a pattern in the syntax of the C library.
        // librdkafka finds topics that may match, and the group is given those that do match.
        std::optional<TopicMatcher> matcher;
        try {
            matcher.emplace(subscription.pattern);
        } catch (const TopologyError& error) {
            return {ErrorCode::kInvalidConfig, error.what()};
        }
        bridge_->subscribe_only_to(std::move(*matcher));
        for (const std::string& superset : posix_supersets(subscription.pattern)) {
            rd_kafka_topic_partition_list_add(list.get(), superset.c_str(), RD_KAFKA_PARTITION_UA);
        }
    } else {
        bridge_->subscribe_only_to(std::nullopt);
        for (const auto& topic : subscription.topics) {
            rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
        }
    }
    return status_of_error(rd_kafka_subscribe(client_.get(), list.get()),
                           "cannot subscribe in group " + group_id_);
}

Status RdConsumer::unsubscribe() {
    return status_of_error(rd_kafka_unsubscribe(client_.get()),
                           "cannot unsubscribe in group " + group_id_);
}

Status RdConsumer::assign(std::span<const StartPosition> partitions, ConsumerListener& listener) {
    MILLRACE_CHECK(bridge_ == nullptr);
    listener_ = &listener;
    for (const auto& start : partitions) {
        if (queues_.contains(start.partition)) {
            return {ErrorCode::kOther, "already assigned: " + to_string(start.partition)};
        }
    }
    for (const auto& start : partitions) {
        open_queue(start);
    }
    learn_leaders(partitions);
    const RdList list = to_list(partitions);
    Status status = status_of_error(RdError(rd_kafka_incremental_assign(client_.get(), list.get())),
                                    "cannot assign");
    millrace_continue_fetching(client_.get());
    if (!status.ok()) {
        for (const auto& start : partitions) {
            queues_.erase(start.partition);
        }
    }
    return status;
}

Status RdConsumer::unassign(std::span<const TopicPartition> partitions) {
    MILLRACE_CHECK(bridge_ == nullptr);
    const RdList list = to_list(partitions);
    Status status = status_of_error(
        RdError(rd_kafka_incremental_unassign(client_.get(), list.get())), "cannot unassign");
    if (status.ok()) {
        for (const auto& which : partitions) {
            queues_.erase(which);
        }
    }
    return status;
}

void RdConsumer::poll(milliseconds timeout) {
    called_listener_ = false;
    const bool was_signalled = wake_.take();
    const bool more_to_read = std::exchange(context_.more_to_read, false);
    serve_events();
    if (was_signalled || more_to_read || called_listener_ || timeout <= milliseconds::zero()) {
        return;
    }
    wake_.wait(timeout);
    if (wake_.take()) {
        serve_events();
    }
}

void RdConsumer::serve_events() {
    retry_rejoin();
    report_partition_errors();
    while (const RdMessage message{rd_kafka_consumer_poll(client_.get(), 0)}) {
        // Records go to the partitions' queues; this queue receives errors.
        report_error(message->err, rd_kafka_message_errstr(message.get()));
    }
    rethrow_from_callback();
}

void RdConsumer::report_partition_errors() {
    for (const auto& [which, status] : std::exchange(context_.errors, {})) {
        if (queues_.contains(which) && listener_ != nullptr) {
            called_listener_ = true;
            listener_->on_partition_error(which, status);
        }
    }
}

void RdConsumer::report_error(rd_kafka_resp_err_t error, std::string_view text) {
    if (listener_ != nullptr && error != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        called_listener_ = true;
        listener_->on_error(status_of_client_error(client_.get(), error, "consumer", text));
    }
}

void RdConsumer::error_callback(rd_kafka_t*, int error, const char* text, void* self) noexcept {
    auto& consumer = *static_cast<RdConsumer*>(self);
    try {
        consumer.report_error(static_cast<rd_kafka_resp_err_t>(error), text);
    } catch (...) {
        consumer.thrown_ = std::current_exception();
    }
}

void RdConsumer::rebalance_callback(rd_kafka_t*, rd_kafka_resp_err_t error,
                                    rd_kafka_topic_partition_list_t* list, void* self) noexcept {
    auto& consumer = *static_cast<RdConsumer*>(self);
    try {
        consumer.rebalance(error, *list);
    } catch (...) {
        consumer.thrown_ = std::current_exception();
    }
}

void RdConsumer::rebalance(rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t& list) {
    if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        on_assign(list);
    } else if (error == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
        on_revoke(list);
    } else {
        report_error(error, "rebalance failed");
        rd_kafka_assign(client_.get(), nullptr);
    }
}

void RdConsumer::on_assign(rd_kafka_topic_partition_list_t& list) {
    MILLRACE_CHECK(listener_ != nullptr);
    std::vector<StartPosition> starts;
    if (list.cnt > 0) {
        called_listener_ = true;
        starts = listener_->on_assigned(to_partitions(&list));
    }
    std::unordered_map<TopicPartition, StartPosition> positions;
    for (const auto& start : starts) {
        positions.emplace(start.partition, start);
    }
    for (auto& element : elements(list)) {
        const TopicPartition which = to_partition(element);
        // Not RD_KAFKA_OFFSET_STORED: if librdkafka cannot read the committed offset, it never
        // starts the partition, and accepts no seek.
        const StartPosition& start =
            positions.try_emplace(which, StartPosition{which, kFromEnd}).first->second;
        set_position(element, start);
        open_queue(start);
    }
    const RdError failure(rd_kafka_incremental_assign(client_.get(), &list));
    millrace_continue_fetching(client_.get());
    if (failure != nullptr) {
        report_error(rd_kafka_error_code(failure.get()), rd_kafka_error_string(failure.get()));
    }
}

void RdConsumer::on_revoke(rd_kafka_topic_partition_list_t& list) {
    const std::vector<TopicPartition> partitions = to_partitions(&list);
    if (listener_ != nullptr) {
        called_listener_ = true;
        if (rd_kafka_assignment_lost(client_.get()) != 0) {
            listener_->on_lost(partitions);
        } else {
            listener_->on_revoked(partitions);
        }
    }
    for (const auto& which : partitions) {
        queues_.erase(which);
    }
    const RdError failure(rd_kafka_incremental_unassign(client_.get(), &list));
    millrace_continue_fetching(client_.get());
    if (failure != nullptr) {
        report_error(rd_kafka_error_code(failure.get()), rd_kafka_error_string(failure.get()));
    }
}

void RdConsumer::open_queue(const StartPosition& start) {
    queues_.insert_or_assign(start.partition, std::make_unique<RdPartitionQueue>(
                                                  client_.get(), start, wake_.fd(), context_));
}

void RdConsumer::learn_leaders(std::span<const StartPosition> partitions) {
    // If a partition is assigned before its leader is known, its first lookup is delayed by half a
    // second. Best effort: without a response it is only slower.
    bool any_new = false;
    for (const auto& start : partitions) {
        any_new |= topics_with_leaders_.insert(start.partition.topic).second;
    }
    if (any_new) {
        const rd_kafka_metadata_t* metadata = nullptr;
        if (rd_kafka_metadata(client_.get(), 0, nullptr, &metadata,
                              to_rd_timeout(kMetadataTimeout)) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_metadata_destroy(metadata);
        }
    }
}

void RdConsumer::wake_up() {
    wake_.signal();
}

PartitionQueue* RdConsumer::queue(const TopicPartition& partition) {
    const auto found = queues_.find(partition);
    return found != queues_.end() ? found->second.get() : nullptr;
}

Status RdConsumer::seek(const StartPosition& position) {
    const auto found = queues_.find(position.partition);
    if (found == queues_.end()) {
        return {ErrorCode::kOther, "cannot seek: not assigned: " + to_string(position.partition)};
    }
    return found->second->seek(position);
}

void RdConsumer::rethrow_from_callback() {
    if (thrown_ != nullptr) {
        std::rethrow_exception(std::exchange(thrown_, nullptr));
    }
}

Status RdConsumer::request_rebalance() {
    wants_rejoin_ = true;
    retry_rejoin();
    return {};
}

void RdConsumer::retry_rejoin() {
    // During a rebalance the request waits for its end: the request may concern user data that this
    // member sent for that rebalance.
    if (wants_rejoin_) {
        wants_rejoin_ = millrace_rejoin(client_.get()) == RD_KAFKA_RESP_ERR__STATE;
    }
}

bool RdConsumer::assignment_lost() const {
    return rd_kafka_assignment_lost(client_.get()) != 0;
}

}  // namespace millrace::kafka
