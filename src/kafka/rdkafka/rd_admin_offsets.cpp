// SPDX-License-Identifier: Apache-2.0

// The functions of RdAdmin that handle offsets.
#include "core/clock.hpp"
#include "kafka/rdkafka/admin_call.hpp"
#include "kafka/rdkafka/partition_lists.hpp"
#include "kafka/rdkafka/rd_admin.hpp"
#include "kafka/rdkafka/status_of_error.hpp"
#include "kafka/rdkafka/timeouts.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace millrace::kafka {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kCoordinatorPause{100};
constexpr milliseconds kLeaderPause{50};

rd_kafka_IsolationLevel_t to_rd_isolation(Isolation isolation) {
    return isolation == Isolation::kReadCommitted ? RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED
                                                  : RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED;
}

/// The error of the group itself, or of the first of its partitions.
Status failure_of(const rd_kafka_group_result_t& result, const std::string& doing) {
    if (const rd_kafka_error_t* const error = rd_kafka_group_result_error(&result)) {
        return status_of_error(rd_kafka_error_code(error), doing, rd_kafka_error_string(error));
    }
    if (const auto* const list = rd_kafka_group_result_partitions(&result)) {
        for (const auto& element : elements(*list)) {
            if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
                return status_of_error(element.err,
                                       doing + ", " + to_string(to_partition(element)));
            }
        }
    }
    return {};
}

/// The coordinator is being elected or loads the group: it has done nothing.
bool coordinator_starts(const Status& status) {
    return status.code() == ErrorCode::kNotReady;
}

/// Repeats a request to a group's coordinator while `again` is true of its status. `attempt` gets
/// the time that is left. Returns its last status.
template <class Again, class Attempt>
Status repeat_while(const Again& again, rd_kafka_t* client, milliseconds timeout,
                    const Attempt& attempt) {
    const RdQueue nothing(rd_kafka_queue_new(client));
    const auto deadline = system_clock().monotonic() + timeout;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<milliseconds>(deadline - system_clock().monotonic());
        Status status = attempt(left);
        if (!again(status) || system_clock().monotonic() + kCoordinatorPause >= deadline) {
            return status;
        }
        const RdEvent pause(rd_kafka_queue_poll(nothing.get(), to_rd_timeout(kCoordinatorPause)));
    }
}

bool leader_changed(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH ||
           error == RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH ||
           error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

}  // namespace

/// librdkafka remembers for minutes that a topic was unknown, even if it exists now. A look-up of
/// all topics corrects that. Returns whether the failed call may succeed now.
bool RdAdmin::refresh_unknown(const Status& failure, milliseconds timeout) {
    return failure.code() == ErrorCode::kUnknownTopic && list_topics(timeout).ok();
}

Result<std::vector<Status>> RdAdmin::delete_records(std::span<const StartPosition> before,
                                                    milliseconds timeout) {
    std::vector<Status> statuses;
    if (before.empty()) {
        return statuses;
    }
    AdminCall call(client_.get(), RD_KAFKA_ADMIN_OP_DELETERECORDS, timeout,
                   "cannot delete records");
    call.wait_for_effect();
    const RdList list(rd_kafka_topic_partition_list_new(static_cast<int>(before.size())));
    for (const auto& limit : before) {
        rd_kafka_topic_partition_list_add(list.get(), limit.partition.topic.c_str(),
                                          limit.partition.partition)
            ->offset = limit.offset;
    }
    RequestArray<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy> requests;
    requests.add(rd_kafka_DeleteRecords_new(list.get()));
    rd_kafka_DeleteRecords(client_.get(), requests.data(), requests.size(), call.options(),
                           call.answers());
    const Result<RdEvent> answer = call.wait();
    if (!answer.ok()) {
        (void)refresh_unknown(answer.status(), timeout);
        return answer.status();
    }
    const auto* const results = rd_kafka_DeleteRecords_result_offsets(
        rd_kafka_event_DeleteRecords_result(answer.value().get()));
    for (const auto& limit : before) {
        // The results have a different order.
        const auto* const result = rd_kafka_topic_partition_list_find(
            const_cast<rd_kafka_topic_partition_list_t*>(results), limit.partition.topic.c_str(),
            limit.partition.partition);
        statuses.push_back(
            status_of_error(result != nullptr ? result->err : RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                            "cannot delete records of " + to_string(limit.partition)));
    }
    return statuses;
}

Result<std::vector<Offset>> RdAdmin::list_offsets(std::span<const TopicPartition> partitions,
                                                  OffsetSpec spec, Isolation isolation,
                                                  milliseconds timeout) {
    // librdkafka first looks up the partitions' leaders. If a topic is new or has lost its leader,
    // it may miss the update that it waits for, and then waits until the call times out. Therefore
    // the first calls have short timeouts.
    const auto deadline = system_clock().monotonic() + timeout;
    const RdQueue nothing(rd_kafka_queue_new(client_.get()));
    milliseconds attempt = kFirstOffsetsAttempt;
    bool refreshed = false;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<milliseconds>(deadline - system_clock().monotonic());
        bool has_moved = false;
        auto offsets = ask_offsets(partitions, spec, isolation,
                                   std::max(milliseconds{1}, std::min(left, attempt)), has_moved);
        if (!refreshed && refresh_unknown(offsets.status(), std::max(milliseconds{1}, left))) {
            refreshed = true;
            continue;
        }
        const bool again = has_moved || offsets.status().code() == ErrorCode::kTimedOut;
        if (!again || system_clock().monotonic() + kLeaderPause >= deadline) {
            return offsets;
        }
        const RdEvent pause(rd_kafka_queue_poll(nothing.get(), to_rd_timeout(kLeaderPause)));
        if (!has_moved) {
            attempt = next_offsets_attempt(attempt);
        }
    }
}

Result<std::vector<Offset>> RdAdmin::ask_offsets(std::span<const TopicPartition> partitions,
                                                 OffsetSpec spec, Isolation isolation,
                                                 milliseconds timeout, bool& has_moved) {
    if (partitions.empty()) {
        return std::vector<Offset>{};
    }
    AdminCall call(client_.get(), RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout, "cannot list offsets");
    const RdError refused(
        rd_kafka_AdminOptions_set_isolation_level(call.options(), to_rd_isolation(isolation)));
    if (refused != nullptr) {
        return status_of_error(refused, call.doing());
    }
    const RdList list = to_list(partitions);
    for (auto& element : elements(*list)) {
        element.offset = spec == OffsetSpec::kEarliest ? RD_KAFKA_OFFSET_SPEC_EARLIEST
                                                       : RD_KAFKA_OFFSET_SPEC_LATEST;
    }
    rd_kafka_ListOffsets(client_.get(), list.get(), call.options(), call.answers());
    const Result<RdEvent> answer = call.wait();
    if (!answer.ok()) {
        return answer.status();
    }
    std::size_t count = 0;
    const auto* const* const infos = rd_kafka_ListOffsets_result_infos(
        rd_kafka_event_ListOffsets_result(answer.value().get()), &count);
    std::map<TopicPartition, Offset> found;
    for (const auto* info : std::span(infos, count)) {
        const rd_kafka_topic_partition_t& element =
            *rd_kafka_ListOffsetsResultInfo_topic_partition(info);
        if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            if (leader_changed(element.err)) {
                // The client does not look up the new leader by itself, so the same call would fail
                // again until its metadata expire.
                (void)list_topics(timeout);
                has_moved = true;
            }
            return status_of_error(element.err,
                                   "cannot list offsets of " + to_string(to_partition(element)));
        }
        if (element.offset < 0) {
            // librdkafka's result of a request to a leader that failed or timed out has no error.
            return status_of_error(RD_KAFKA_RESP_ERR__TIMED_OUT,
                                   "cannot list offsets of " + to_string(to_partition(element)));
        }
        found.emplace(to_partition(element), element.offset);
    }
    std::vector<Offset> offsets;
    for (const auto& which : partitions) {
        const auto offset = found.find(which);
        if (offset == found.end()) {
            return status_of_error(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                                   "cannot list offsets of " + to_string(which));
        }
        offsets.push_back(offset->second);
    }
    return offsets;
}

Result<std::map<TopicPartition, CommittedOffset>> RdAdmin::group_offsets(
    const std::string& group, std::span<const TopicPartition> partitions, milliseconds timeout) {
    std::map<TopicPartition, CommittedOffset> offsets;
    if (partitions.empty()) {
        return offsets;
    }
    const std::string doing = "cannot read the offsets of group " + group;
    rd_kafka_t* client = nullptr;
    try {
        client = client_of_group(group);
    } catch (const Error& error) {
        return Status(ErrorCode::kOther, doing + ": " + error.what());
    }
    const RdList list = to_list(partitions);
    const auto retriable = [](const Status& failed) { return failed.retriable(); };
    const Status status = repeat_while(retriable, client, timeout, [&](milliseconds left) {
        return status_of_error(rd_kafka_committed(client, list.get(), to_rd_timeout(left)), doing);
    });
    if (!status.ok()) {
        return status;
    }
    for (const auto& element : elements(*list)) {
        if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return status_of_error(element.err, doing + ", " + to_string(to_partition(element)));
        }
        if (element.offset >= 0) {
            offsets.emplace(to_partition(element), to_committed_offset(element));
        }
    }
    return offsets;
}

Status RdAdmin::alter_group_offsets(const std::string& group, std::span<const OffsetCommit> offsets,
                                    milliseconds timeout) {
    if (offsets.empty()) {
        return {};
    }
    return repeat_while(coordinator_starts, client_.get(), timeout,
                        [&](milliseconds left) { return try_to_alter(group, offsets, left); });
}

Status RdAdmin::try_to_alter(const std::string& group, std::span<const OffsetCommit> offsets,
                             milliseconds timeout) {
    AdminCall call(client_.get(), RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, timeout,
                   "cannot set the offsets of group " + group);
    const RdList list = to_list(offsets);
    RequestArray<rd_kafka_AlterConsumerGroupOffsets_t, rd_kafka_AlterConsumerGroupOffsets_destroy>
        requests;
    requests.add(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
    rd_kafka_AlterConsumerGroupOffsets(client_.get(), requests.data(), requests.size(),
                                       call.options(), call.answers());
    const Result<RdEvent> answer = call.wait();
    if (!answer.ok()) {
        return answer.status();
    }
    std::size_t count = 0;
    const auto* const* const groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
        rd_kafka_event_AlterConsumerGroupOffsets_result(answer.value().get()), &count);
    for (const auto* result : std::span(groups, count)) {
        Status failure = failure_of(*result, call.doing());
        if (failure.code() == ErrorCode::kUnknownMember) {
            // The broker's error for a group with members, which accepts offsets from its members
            // only.
            return {ErrorCode::kGroupNotEmpty, failure.message()};
        }
        if (!failure.ok()) {
            return failure;
        }
    }
    return {};
}

Status RdAdmin::delete_group(const std::string& group, milliseconds timeout) {
    return repeat_while(coordinator_starts, client_.get(), timeout,
                        [&](milliseconds left) { return try_to_delete(group, left); });
}

Status RdAdmin::try_to_delete(const std::string& group, milliseconds timeout) {
    AdminCall call(client_.get(), RD_KAFKA_ADMIN_OP_DELETEGROUPS, timeout,
                   "cannot delete group " + group);
    RequestArray<rd_kafka_DeleteGroup_t, rd_kafka_DeleteGroup_destroy> requests;
    requests.add(rd_kafka_DeleteGroup_new(group.c_str()));
    rd_kafka_DeleteGroups(client_.get(), requests.data(), requests.size(), call.options(),
                          call.answers());
    const Result<RdEvent> answer = call.wait();
    if (!answer.ok()) {
        return answer.status();
    }
    std::size_t count = 0;
    const auto* const* const groups = rd_kafka_DeleteGroups_result_groups(
        rd_kafka_event_DeleteGroups_result(answer.value().get()), &count);
    for (const auto* result : std::span(groups, count)) {
        if (Status failure = failure_of(*result, call.doing()); !failure.ok()) {
            return failure;
        }
    }
    return {};
}

}  // namespace millrace::kafka
