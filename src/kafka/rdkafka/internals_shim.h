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

struct rd_kafka_toppar_s;

/* A reference to a partition of `client`, made if unknown so far. It keeps rd_kafka_destroy waiting
 * until it is closed. Null when the client is terminating. */
struct rd_kafka_toppar_s* millrace_partition_open(rd_kafka_t* client, const char* topic,
                                                  int32_t partition);
void millrace_partition_close(struct rd_kafka_toppar_s* partition);

/* A C name. NOLINTNEXTLINE(readability-identifier-naming) */
struct millrace_offsets {
    int64_t position;    /* After the last record handed out; negative: not known. */
    int64_t high_water;  /* The log's end as of the last fetch; negative: not known. */
    int64_t last_stable; /* The same as far as transactions are decided. */
};

/* Any thread. */
void millrace_partition_offsets(struct rd_kafka_toppar_s* partition,
                                struct millrace_offsets* offsets);

/* Takes up to `max` entries off the partition's own queue, under one lock for all of them, and never
 * waits. Records and errors, which the caller must destroy, go to `messages`, their number to
 * `*count`; control records are entries too but go nowhere. Returns how many entries were taken:
 * fewer than `max` means that the queue was empty then. */
size_t millrace_partition_read(struct rd_kafka_toppar_s* partition, rd_kafka_message_t** messages,
                               size_t max, size_t* count);

/* Goes on at `offset`, or a logical one, after an error that ended fetching (offset out of range):
 * librdkafka takes a seek only where fetching goes on. Requires an assigned partition. */
rd_kafka_resp_err_t millrace_partition_restart(struct rd_kafka_toppar_s* partition, int64_t offset);

/* How many partitions the topic has as of the last metadata; 0 when not known. Any thread. */
int32_t millrace_topic_partition_count(rd_kafka_topic_t* topic);

/* Says ahead of rd_kafka_destroy_flags that the group is not to be left in order: from here on
 * librdkafka gives partitions up by itself instead of asking for it. */
void millrace_abandon_group(rd_kafka_t* client);

/* For an on_send interceptor: dates a record at the epoch, which the public interface takes for
 * "now". */
void millrace_date_at_epoch(rd_kafka_message_t* message);

#ifdef __cplusplus
}
#endif
