/* SPDX-License-Identifier: Apache-2.0 */

/* librdkafka's internal headers: this file and assignor_shim.c are the only ones that see them. */
#include "rd.h"
#include "rdkafka_int.h"
#include "rdkafka_offset.h"
#include "rdkafka_partition.h"
#include "rdkafka_topic.h"

#include "internals_shim.h"

#if RD_KAFKA_VERSION != 0x020e02ff
#error "The shim was written against librdkafka 2.14.2: compare its internal headers first."
#endif

struct rd_kafka_toppar_s* millrace_partition_open(rd_kafka_t* client, const char* topic,
                                                  int32_t partition) {
    return rd_kafka_toppar_get2(client, topic, partition, 0 /* no stand-in */, 1 /* create */);
}

void millrace_partition_close(struct rd_kafka_toppar_s* partition) {
    rd_kafka_toppar_destroy(partition);
}

void millrace_partition_offsets(struct rd_kafka_toppar_s* partition,
                                struct millrace_offsets* offsets) {
    rd_kafka_toppar_lock(partition);
    offsets->position = partition->rktp_app_pos.offset;
    offsets->high_water = partition->rktp_hi_offset;
    offsets->last_stable = partition->rktp_ls_offset;
    rd_kafka_toppar_unlock(partition);
}

struct batch {
    rd_kafka_message_t** messages;
    size_t count;
};

static int is_outdated(rd_kafka_op_t* entry, int32_t version) {
    return rd_kafka_op_version_outdated(entry, version);
}

/* A barrier means that the position was reset at this point (a rebalance pauses every partition):
 * what was taken before it will be fetched again. */
static void drop_outdated(struct batch* batch, int32_t version) {
    size_t kept = 0;
    size_t i;

    for (i = 0; i < batch->count; i++) {
        rd_kafka_op_t* entry = batch->messages[i]->_private;
        if (is_outdated(entry, version)) {
            rd_kafka_op_destroy(entry);
        } else {
            batch->messages[kept++] = batch->messages[i];
        }
    }
    batch->count = kept;
}

static rd_kafka_op_res_t take_entry(rd_kafka_t* client, rd_kafka_q_t* queue, rd_kafka_op_t* entry,
                                    rd_kafka_q_cb_type_t type, void* opaque) {
    struct batch* batch = opaque;

    if (entry->rko_type == RD_KAFKA_OP_BARRIER) {
        drop_outdated(batch, entry->rko_version);
        rd_kafka_op_destroy(entry);
        return RD_KAFKA_OP_RES_HANDLED;
    }
    if (is_outdated(entry, 0)) {
        rd_kafka_op_destroy(entry);
        return RD_KAFKA_OP_RES_HANDLED;
    }
    if (entry->rko_type == RD_KAFKA_OP_FETCH || entry->rko_type == RD_KAFKA_OP_CONSUMER_ERR) {
        batch->messages[batch->count++] = rd_kafka_message_get(entry);
        return RD_KAFKA_OP_RES_KEEP; /* Destroyed with the message. */
    }
    return rd_kafka_poll_cb(client, queue, entry, type, NULL);
}

/* Where to go on fetching after a pause, which every rebalance brings. */
static void note_position(struct rd_kafka_toppar_s* partition, const struct batch* batch) {
    size_t i;

    for (i = batch->count; i > 0; i--) {
        const rd_kafka_op_t* entry = batch->messages[i - 1]->_private;
        rd_kafka_fetch_pos_t position;

        if (entry->rko_type != RD_KAFKA_OP_FETCH || entry->rko_err) {
            continue;
        }
        position = RD_KAFKA_FETCH_POS(batch->messages[i - 1]->offset + 1,
                                      entry->rko_u.fetch.rkm.rkm_u.consumer.leader_epoch);
        if (rd_kafka_fetch_pos_cmp(&position, &partition->rktp_app_pos) > 0) {
            rd_kafka_update_app_pos(partition->rktp_rkt->rkt_rk, partition, position, RD_DO_LOCK);
        }
        return;
    }
}

size_t millrace_partition_read(struct rd_kafka_toppar_s* partition, rd_kafka_message_t** messages,
                               size_t max, size_t* count) {
    struct batch batch = {messages, 0};
    int taken = rd_kafka_q_serve(partition->rktp_fetchq, 0, (int)max, RD_KAFKA_Q_CB_RETURN,
                                 take_entry, &batch);

    note_position(partition, &batch);
    *count = batch.count;
    return (size_t)taken;
}

rd_kafka_resp_err_t millrace_partition_restart(struct rd_kafka_toppar_s* partition,
                                               int64_t offset) {
    rd_kafka_op_t* op = rd_kafka_op_new(RD_KAFKA_OP_FETCH_START);
    rd_kafka_op_t* reply;

    rd_kafka_toppar_lock(partition);
    partition->rktp_app_pos = RD_KAFKA_FETCH_POS(RD_KAFKA_OFFSET_INVALID, -1);
    rd_kafka_toppar_unlock(partition);

    op->rko_u.fetch_start.pos = RD_KAFKA_FETCH_POS(offset, -1);
    op->rko_u.fetch_start.rkcg = NULL; /* It belongs to the consumer still. */
    op->rko_version = rd_atomic32_add(&partition->rktp_version, 1);
    op->rko_rktp = rd_kafka_toppar_keep(partition);
    reply = rd_kafka_op_req(partition->rktp_ops, op, RD_POLL_INFINITE);
    return reply != NULL ? rd_kafka_op_err_destroy(reply) : RD_KAFKA_RESP_ERR__DESTROY;
}

int32_t millrace_topic_partition_count(rd_kafka_topic_t* topic) {
    rd_kafka_topic_t* proper = rd_kafka_topic_proper(topic);
    int32_t partitions;

    rd_kafka_topic_rdlock(proper);
    partitions = proper->rkt_state == RD_KAFKA_TOPIC_S_EXISTS ? proper->rkt_partition_cnt : 0;
    rd_kafka_topic_rdunlock(proper);
    return partitions;
}

void millrace_abandon_group(rd_kafka_t* client) {
    rd_atomic32_set(&client->rk_terminate, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void millrace_date_at_epoch(rd_kafka_message_t* message) {
    rd_kafka_message2msg(message)->rkm_timestamp = 0;
}
