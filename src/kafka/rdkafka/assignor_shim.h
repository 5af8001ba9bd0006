/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <librdkafka/rdkafka.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A partition assignor of our own inside librdkafka, whose public interface has none. All of these
 * functions and callbacks speak plain C; assignor_bridge.hpp makes a GroupAssignor of them. */

/* What one member told the group, and what it is to be given. */
struct millrace_group_member {
    const char* member_id;
    const char* group_instance_id; /* Empty: a dynamic member. */
    const char* rack_id;
    int32_t generation; /* In which it held what it owns; -1: never. */
    const rd_kafka_topic_partition_list_t* subscription;
    const rd_kafka_topic_partition_list_t* owned; /* May be null. */
    const void* user_data;
    size_t user_data_size;

    /* To be filled. */
    rd_kafka_topic_partition_list_t* assignment;
    rd_kafka_topic_partition_list_t* still_owned; /* Null, or what to believe instead of `owned`. */
    const void* assignment_user_data;             /* Read before assign() is called again. */
    size_t assignment_user_data_size;
};

struct millrace_topic {
    const char* name;
    int32_t partitions;
};

/* Called from librdkafka's main thread, one at a time. */
struct millrace_assignor {
    void* opaque;

    /* When this member joins: what it tells the leader. `data` must stay until the next call. */
    void (*subscription_user_data)(void* opaque, const void** data, size_t* size);

    /* When this member joins: whether it wants this topic, of those that its subscription has found. */
    int (*wants)(void* opaque, const char* topic);

    /* On the leader: fills what is to be filled in `members`. Returns 0, or writes why not. The
     * assignment may be final: librdkafka withholds what another member still owns, has that member
     * give it up, and the member joins again then. */
    int (*assign)(void* opaque, struct millrace_group_member* members, size_t member_count,
                  const struct millrace_topic* topics, size_t topic_count, char* error,
                  size_t error_size);

    /* On every member, before its rebalance callback. */
    void (*assigned)(void* opaque, const rd_kafka_topic_partition_list_t* assignment,
                     const void* user_data, size_t user_data_size);
};

/* Makes `assignor` the only one of `client`, a consumer that has not subscribed yet and was
 * configured as cooperative. `assignor` must live as long as the client. */
rd_kafka_resp_err_t millrace_use_assignor(rd_kafka_t* client, const char* name,
                                          const struct millrace_assignor* assignor);

/* Has this member join its group again, so that the group rebalances. __STATE while it is not a
 * settled member, as when a rebalance is going on: ask again later. */
rd_kafka_resp_err_t millrace_rejoin(rd_kafka_t* client);

#ifdef __cplusplus
}
#endif
