// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "core/topic_matcher.hpp"
#include "kafka/group.hpp"
#include "kafka/rdkafka/assignor_shim.h"

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::kafka {

/// Connects a GroupAssignor to one librdkafka consumer.
///
/// Lifetime: must outlive the consumer's client. Threads: after install(), librdkafka's main
/// thread.
class AssignorBridge {
  public:
    /// Requires a non-null assignor.
    explicit AssignorBridge(std::shared_ptr<GroupAssignor> assignor);
    AssignorBridge(const AssignorBridge&) = delete;
    AssignorBridge& operator=(const AssignorBridge&) = delete;

    /// Requires a consumer that has not subscribed yet.
    ///
    /// Errors: ConfigError if the assignor has the name of a built-in one.
    void install(rd_kafka_t* client);

    /// Restricts the subscription to topics that match; null: all topics. Call it from any thread;
    /// it takes effect the next time this member joins.
    void subscribe_only_to(std::optional<TopicMatcher> topics);

    /// Called by the callbacks, and by tests. Fills in the output fields of `members`.
    void assign(std::vector<millrace_group_member*> members, const PartitionCounts& topics);

  private:
    static void subscription_user_data(void* self, const void** data, std::size_t* size) noexcept;
    static int wants(void* self, const char* topic) noexcept;
    static int assign_members(void* self, millrace_group_member* members, std::size_t member_count,
                              const millrace_topic* topics, std::size_t topic_count, char* error,
                              std::size_t error_size) noexcept;
    static void assigned(void* self, const rd_kafka_topic_partition_list_t* assignment,
                         const void* user_data, std::size_t size) noexcept;

    std::shared_ptr<GroupAssignor> assignor_;
    Mutex mutex_;
    std::optional<TopicMatcher> wanted_ MILLRACE_GUARDED_BY(mutex_);
    millrace_assignor callbacks_;
    Bytes subscription_data_;  // The shim reads these after a callback has returned.
    std::map<std::string, MemberAssignment> assignments_;  // Likewise.
};

}  // namespace millrace::kafka
