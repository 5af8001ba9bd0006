/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <librdkafka/rdkafka.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What librdkafka knows or can do and does not offer through its public interface, or offers at a
 * price per record. */

/* A partition and what was taken off its queue and not yet read. */
struct millrace_partition;

/* Made in the client if unknown so far. It keeps rd_kafka_destroy waiting until it is closed. Null
 * when the client is terminating or memory is short. */
struct millrace_partition* millrace_partition_open(rd_kafka_t* client, const char* topic,
                                                   int32_t partition);
void millrace_partition_close(struct millrace_partition* partition);

/* A C name. NOLINTNEXTLINE(readability-identifier-naming) */
struct millrace_offsets {
    int64_t high_water;  /* The log's end as of the last fetch; negative: not known. */
    int64_t last_stable; /* The same as far as transactions are decided. */
};

/* Any thread. */
void millrace_partition_offsets(struct millrace_partition* partition,
                                struct millrace_offsets* offsets);

/* Takes up to `max` entries off the partition's own queue and never waits. The queue's lock is taken
 * only when all that was there at the last time is read. Records and errors, which the caller must
 * give to millrace_record_destroy, go to `messages`, their number to `*count`. Control records are entries too but go
 * nowhere: `*passed` is the position after the last of them, negative if there was none. What a pause or a
 * seek has made outdated is dropped, control records included. Records name neither topic nor partition.
 * Returns how many entries were taken: fewer than `max` means that the queue was empty then. */
size_t millrace_partition_read(struct millrace_partition* partition, rd_kafka_message_t** messages,
                               size_t max, size_t* count, int64_t* passed);

/* Once for each record or error that was read. Any thread. */
void millrace_record_destroy(rd_kafka_message_t* record);

/* A C name. NOLINTNEXTLINE(readability-identifier-naming) */
struct millrace_stamp {
    int64_t timestamp;
    int has_timestamp;
    int32_t leader_epoch; /* -1: not known. */
};

/* When a consumed record was made, and under which leader of its partition. */
struct millrace_stamp millrace_record_stamp(const rd_kafka_message_t* record);

/* A C name. NOLINTNEXTLINE(readability-identifier-naming) */
enum millrace_fetching {
    MILLRACE_NOT_FETCHING, /* Not begun, or ended by an error. */
    MILLRACE_LOOKING_UP,   /* A broker is being asked for the offset that a logical one stands for. */
    MILLRACE_FETCHING
};

/* How far the partition is. A seek made while it is looking up does not last: when the answer comes,
 * librdkafka asks again, and goes on at the logical offset after all. */
enum millrace_fetching millrace_partition_fetching(struct millrace_partition* partition);

/* Goes on at `offset`, or a logical one, after an error that ended fetching (offset out of range):
 * librdkafka takes a seek only where fetching goes on. Requires an assigned partition. */
rd_kafka_resp_err_t millrace_partition_restart(struct millrace_partition* partition, int64_t offset);

/* How many partitions the topic has as of the last metadata; 0 when not known. Any thread. */
int32_t millrace_topic_partition_count(rd_kafka_topic_t* topic);

/* Says ahead of rd_kafka_destroy_flags that the group is not to be left in order: from here on
 * librdkafka gives partitions up by itself instead of asking for it. */
void millrace_abandon_group(rd_kafka_t* client);

/* Gives all partitions up as rd_kafka_incremental_unassign does, but without waiting for an answer: there
 * is none when the group has ended in the meantime. */
void millrace_give_partitions_up(rd_kafka_t* client);

/* Whether a message has headers. The public interface parses to find out, at the price of an allocation
 * even where there are none. */
int millrace_has_headers(const rd_kafka_message_t* message);

/* As rd_kafka_flush, for a producer that reports failed deliveries only: that one would notice the
 * last success up to 10 ms late. */
rd_kafka_resp_err_t millrace_flush(rd_kafka_t* client, int timeout_ms);

/* Waits up to `timeout_ms` while the producer's queue is full, then serves what is to be reported. */
void millrace_await_room(rd_kafka_t* client, int timeout_ms);

/* For an on_send interceptor: dates a record at the epoch, which the public interface takes for
 * "now". */
void millrace_date_at_epoch(rd_kafka_message_t* message);

#ifdef __cplusplus
}
#endif
