/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <librdkafka/rdkafka.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Access to state and functions of librdkafka that its public interface does not offer, or
 * offers only at a cost per record. */

/* A partition and the unread entries that were taken from its queue. */
struct millrace_partition;

/* Created in the client if it does not exist. rd_kafka_destroy waits until it is closed. Null if
 * the client is terminating or memory is short. */
struct millrace_partition* millrace_partition_open(rd_kafka_t* client, const char* topic,
                                                   int32_t partition);
void millrace_partition_close(struct millrace_partition* partition);

/* A C name. NOLINTNEXTLINE(readability-identifier-naming) */
struct millrace_offsets {
    int64_t high_water;  /* The end of the log as of the last fetch; negative: unknown. */
    int64_t last_stable; /* The same for decided transactions (last stable offset). */
};

/* Any thread. */
void millrace_partition_offsets(struct millrace_partition* partition,
                                struct millrace_offsets* offsets);

/* A C name. NOLINTNEXTLINE(readability-identifier-naming) */
struct millrace_position {
    int64_t offset;
    int32_t leader_epoch; /* Of the record before it; -1: unknown. */
};

/* Takes up to `max` entries from the partition's queue and never waits. Locks the queue only
 * after all previously taken entries were read. Stores records and errors, which the caller must
 * pass to millrace_record_destroy, in `messages` and their number in `*count`. Control records
 * are entries, too, but are not stored: `*passed` is the position after the last of them, its
 * offset negative if there was none. Drops entries that a pause or seek has outdated, including control
 * records. Records contain neither topic nor partition. Returns how many entries were taken:
 * fewer than `max` means that the queue was empty. */
size_t millrace_partition_read(struct millrace_partition* partition, rd_kafka_message_t** messages,
                               size_t max, size_t* count, struct millrace_position* passed);

/* Call it once for each record or error. Any thread. */
void millrace_record_destroy(rd_kafka_message_t* record);

/* A C name. NOLINTNEXTLINE(readability-identifier-naming) */
struct millrace_stamp {
    int64_t timestamp;
    int has_timestamp;
    int32_t leader_epoch; /* -1: unknown. */
};

/* The timestamp of a consumed record, and the leader epoch of its partition. */
struct millrace_stamp millrace_record_stamp(const rd_kafka_message_t* record);

/* C names. NOLINTBEGIN(readability-identifier-naming) */
enum millrace_fetching {
    MILLRACE_NOT_FETCHING, /* Not started, or stopped by an error. */
    MILLRACE_LOOKING_UP,   /* A broker is resolving a logical offset. */
    MILLRACE_FETCHING
};
/* NOLINTEND(readability-identifier-naming) */

/* The fetch state of the partition. A seek during a lookup is lost: when the response arrives,
 * librdkafka looks up again, and continues at the logical offset. */
enum millrace_fetching millrace_partition_fetching(struct millrace_partition* partition);

/* Continues at `offset`, which may be logical, after an error that stopped fetching (offset out
 * of range): librdkafka accepts a seek only while it fetches. Requires an assigned partition. */
rd_kafka_resp_err_t millrace_partition_restart(struct millrace_partition* partition, int64_t offset);

/* Fetches at once what was paused, assigned or repositioned before this call. Every rebalance
 * pauses all partitions and resumes those that stay, but does not wake the thread of their broker:
 * if all its partitions were paused when it looked, it looks again up to a second later. */
void millrace_continue_fetching(rd_kafka_t* client);

/* The topic's partition count as of the last metadata; 0 if unknown. Any thread. */
int32_t millrace_topic_partition_count(rd_kafka_topic_t* topic);

/* Announces rd_kafka_destroy_flags without leaving the group: from now on librdkafka revokes
 * partitions itself instead of calling the rebalance callback. */
void millrace_abandon_group(rd_kafka_t* client);

/* Unassigns all partitions like rd_kafka_incremental_unassign, but without waiting for a
 * response: there is none if the group membership has ended in the meantime. */
void millrace_give_partitions_up(rd_kafka_t* client);

/* Whether a message has headers. The public interface parses the headers to find out, with one
 * allocation even if there are none. */
int millrace_has_headers(const rd_kafka_message_t* message);

/* Like rd_kafka_flush, for a producer that reports failed deliveries only: rd_kafka_flush would
 * notice the last success up to 10 ms late. */
rd_kafka_resp_err_t millrace_flush(rd_kafka_t* client, int timeout_ms);

/* Waits up to `timeout_ms` while the producer's queue is full, then serves delivery reports. */
void millrace_await_room(rd_kafka_t* client, int timeout_ms);

/* Limits the time of requests that are sent through a coordinator, such as TxnOffsetCommit. While
 * the coordinator is down, librdkafka does not look for a new one before the connection to any
 * broker opens or closes, and it ignores the timeout of the request; the function that waits for the
 * response then blocks for as long as the coordinator is down. */
struct millrace_coordinator_watch;

/* Null if memory is short. */
struct millrace_coordinator_watch* millrace_coordinator_watch_new(rd_kafka_t* client);

/* After the client is destroyed: its thread uses the watch until then. */
void millrace_coordinator_watch_free(struct millrace_coordinator_watch* watch);

/* For an on_send interceptor: sets the timestamp of a record to the epoch, which the public
 * interface interprets as "now". */
void millrace_date_at_epoch(rd_kafka_message_t* message);

#ifdef __cplusplus
}
#endif
