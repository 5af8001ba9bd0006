/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <librdkafka/rdkafka.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A custom partition assignor inside librdkafka, whose public interface has none. These
 * functions and callbacks are plain C; assignor_bridge.hpp connects them to a GroupAssignor. */

/* C names. NOLINTBEGIN(readability-identifier-naming) */

/* The data of a member, and its assignment. */
struct millrace_group_member {
    const char* member_id;
    const char* group_instance_id; /* Empty: a dynamic member. */
    const char* rack_id;
    int32_t generation; /* The generation in which it owned them; -1: none. */
    const rd_kafka_topic_partition_list_t* subscription;
    const rd_kafka_topic_partition_list_t* owned; /* May be null. */
    const void* user_data;
    size_t user_data_size;

    /* Output. */
    rd_kafka_topic_partition_list_t* assignment;
    rd_kafka_topic_partition_list_t* still_owned; /* Null, or replaces `owned`. */
    const void* assignment_user_data;             /* Read before the next call of assign(). */
    size_t assignment_user_data_size;
};

struct millrace_topic {
    const char* name;
    int32_t partitions;
};

/* Called from librdkafka's main thread, one at a time. */
struct millrace_assignor {
    void* opaque;

    /* When this member joins: its user data for the leader. `data` must stay valid until the
     * next call. */
    void (*subscription_user_data)(void* opaque, const void** data, size_t* size);

    /* When this member joins: whether it wants this topic, one of those that its subscription
     * matches. */
    int (*wants)(void* opaque, const char* topic);

    /* On the leader: fills in the output fields of `members`. Returns 0, or writes the reason of
     * the failure. The assignment may be final: librdkafka withholds partitions that other
     * members still own, makes these members revoke them, and the member then rejoins. */
    int (*assign)(void* opaque, struct millrace_group_member* members, size_t member_count,
                  const struct millrace_topic* topics, size_t topic_count, char* error,
                  size_t error_size);

    /* On every member, before its rebalance callback. */
    void (*assigned)(void* opaque, const rd_kafka_topic_partition_list_t* assignment,
                     const void* user_data, size_t user_data_size);
};
/* NOLINTEND(readability-identifier-naming) */

/* Makes `assignor` the only assignor of `client`, a consumer that has not subscribed yet and is
 * configured as cooperative. `assignor` must live as long as the client. */
rd_kafka_resp_err_t millrace_use_assignor(rd_kafka_t* client, const char* name,
                                          const struct millrace_assignor* assignor);

/* Makes this member rejoin its group, which triggers a rebalance. Returns __STATE if the member
 * is not stable, for example during a rebalance: retry later. */
rd_kafka_resp_err_t millrace_rejoin(rd_kafka_t* client);

#ifdef __cplusplus
}
#endif
