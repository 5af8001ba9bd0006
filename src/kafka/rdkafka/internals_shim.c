/* SPDX-License-Identifier: Apache-2.0 */

/* librdkafka's internal headers. Only this file and assignor_shim.c include them. */
#include "rd.h"
#include "rdkafka_int.h"
#include "rdkafka_broker.h"
#include "rdkafka_cgrp.h"
#include "rdkafka_coord.h"
#include "rdkafka_offset.h"
#include "rdkafka_partition.h"
#include "rdkafka_topic.h"

#include "internals_shim.h"

#if RD_KAFKA_VERSION != 0x020e02ff
#error "The shim was written against librdkafka 2.14.2: compare its internal headers first."
#endif

#define MILLRACE_COORDINATOR_INTERVAL_US (500 * 1000)

struct millrace_partition {
    rd_kafka_toppar_t* toppar;
    rd_kafka_q_t taken; /* Used by the reading thread only. */
};

struct millrace_partition* millrace_partition_open(rd_kafka_t* client, const char* topic,
                                                   int32_t number) {
    struct millrace_partition* partition = malloc(sizeof *partition);

    if (partition == NULL) {
        return NULL;
    }
    partition->toppar =
        rd_kafka_toppar_get2(client, topic, number, 0 /* no stand-in */, 1 /* create */);
    if (partition->toppar == NULL) {
        free(partition);
        return NULL;
    }
    rd_kafka_q_init(&partition->taken, client);
    return partition;
}

void millrace_partition_close(struct millrace_partition* partition) {
    rd_kafka_q_destroy_owner(&partition->taken);
    rd_kafka_toppar_destroy(partition->toppar);
    free(partition);
}

void millrace_partition_offsets(struct millrace_partition* partition,
                                struct millrace_offsets* offsets) {
    rd_kafka_toppar_t* toppar = partition->toppar;

    rd_kafka_toppar_lock(toppar);
    offsets->high_water = toppar->rktp_hi_offset;
    offsets->last_stable = toppar->rktp_ls_offset;
    rd_kafka_toppar_unlock(toppar);
}

struct batch {
    rd_kafka_message_t** messages;
    size_t count;
    rd_kafka_fetch_pos_t passed; /* After the last control record; a negative offset: none. */
    int32_t passed_version;
};

static int is_outdated(rd_kafka_op_t* entry, int32_t version) {
    return rd_kafka_op_version_outdated(entry, version);
}

static rd_kafka_fetch_pos_t position_after(const rd_kafka_op_t* entry) {
    return RD_KAFKA_FETCH_POS(entry->rko_u.fetch.rkm.rkm_rkmessage.offset + 1,
                              entry->rko_u.fetch.rkm.rkm_u.consumer.leader_epoch);
}

/* A barrier means that the position was reset here (a rebalance pauses every partition): earlier
 * records will be fetched again. */
static void drop_outdated(struct batch* batch, int32_t version) {
    size_t kept = 0;
    size_t i;

    if (batch->passed_version < version) {
        batch->passed.offset = -1;
    }
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

    if (entry->rko_type == RD_KAFKA_OP_FETCH || entry->rko_type == RD_KAFKA_OP_CONSUMER_ERR) {
        batch->messages[batch->count++] = rd_kafka_message_get(entry);
        return RD_KAFKA_OP_RES_KEEP; /* Destroyed with the message. */
    }
    return rd_kafka_poll_cb(client, queue, entry, type, NULL);
}

/* Handles all entries except plain records. Outdated entries first: librdkafka advances the
 * partition's position to a control record before it checks the version, and so past unread
 * records. */
static void take_other(rd_kafka_t* client, rd_kafka_q_t* queue, rd_kafka_op_t* entry,
                       int32_t version, struct batch* batch) {
    if (entry->rko_type == RD_KAFKA_OP_BARRIER) {
        drop_outdated(batch, entry->rko_version);
        rd_kafka_op_destroy(entry);
    } else if (is_outdated(entry, version)) {
        rd_kafka_op_destroy(entry);
    } else if (rd_kafka_op_is_ctrl_msg(entry)) {
        batch->passed = position_after(entry);
        batch->passed_version = entry->rko_version;
        rd_kafka_op_destroy(entry);
    } else {
        rd_kafka_op_res_t result = rd_kafka_op_handle(client, queue, entry, RD_KAFKA_Q_CB_RETURN,
                                                      batch, take_entry);
        rd_assert(result != RD_KAFKA_OP_RES_PASS);
        (void)result;
    }
}

/* Where fetching continues after a pause, which every rebalance causes: after all returned
 * records and the control records among and after them. */
static void note_position(rd_kafka_toppar_t* partition, const struct batch* batch) {
    rd_kafka_fetch_pos_t position = batch->passed;
    size_t i;

    for (i = batch->count; i > 0; i--) {
        const rd_kafka_op_t* entry = batch->messages[i - 1]->_private;

        if (entry->rko_type == RD_KAFKA_OP_FETCH && !entry->rko_err) {
            rd_kafka_fetch_pos_t after = position_after(entry);
            if (after.offset > position.offset) {
                position = after;
            }
            break;
        }
    }
    if (position.offset >= 0 &&
        rd_kafka_fetch_pos_cmp(&position, &partition->rktp_app_pos) > 0) {
        rd_kafka_update_app_pos(partition->rktp_rkt->rkt_rk, partition, position, RD_DO_LOCK);
    }
}

/* Takes all entries, which costs the same for one entry and for thousands. */
static int refill(struct millrace_partition* partition) {
    rd_kafka_q_t* fetched = partition->toppar->rktp_fetchq;

    mtx_lock(&fetched->rkq_lock);
    if (fetched->rkq_fwdq == NULL) {
        rd_kafka_q_move_cnt(&partition->taken, fetched, -1, 0 /* locked here */);
    }
    mtx_unlock(&fetched->rkq_lock);
    return partition->taken.rkq_qlen > 0;
}

/* Entries with an older version are outdated. Read once for all taken entries, because the
 * fetching thread writes this cache line for each record. */
static int32_t current_version(struct millrace_partition* partition) {
    return rd_atomic32_get(&partition->toppar->rktp_version);
}

/* Written by another core. */
static void prefetch(const rd_kafka_op_t* entry) {
    if (entry != NULL) {
        __builtin_prefetch(entry);
        __builtin_prefetch((const char*)entry + 64);
        __builtin_prefetch((const char*)entry + 128);
        __builtin_prefetch((const char*)entry + 192);
    }
}

/* A record that needs no general entry handling by librdkafka. In particular, it gets no
 * reference to its topic, which would cost two atomic operations on a cache line that all
 * threads share. */
static int is_plain_record(const rd_kafka_op_t* entry) {
    return entry->rko_type == RD_KAFKA_OP_FETCH && entry->rko_err == RD_KAFKA_RESP_ERR_NO_ERROR &&
           entry->rko_serve == NULL && !rd_kafka_op_is_ctrl_msg(entry);
}

/* The shared references of records of one fetch buffer that were taken together. Otherwise each
 * record has one reference to the buffer and one to the partition, whose counters it shares with
 * the thread that creates more records of the same buffer: an eighth of the cost of a record. */
struct run {
    rd_kafka_buf_t* buffer;
    rd_kafka_toppar_t* partition;
    rd_atomic32_t records;
};

static rd_kafka_op_t* entry_of(const rd_kafka_message_t* message) {
    return message->_private;
}

/* Removes all but one reference of `count` records; the run keeps that one. */
static void share_references(rd_kafka_message_t** records, int32_t count) {
    const rd_kafka_op_t* first = entry_of(records[0]);
    struct run* run = rd_malloc(sizeof *run);
    int32_t i;

    run->buffer = first->rko_u.fetch.rkbuf;
    run->partition = first->rko_rktp;
    rd_atomic32_init(&run->records, count);
    for (i = 0; i < count; i++) {
        rd_kafka_op_t* entry = entry_of(records[i]);
        entry->rko_u.fetch.rkbuf = NULL;
        entry->rko_rktp = NULL;
        entry->rko_serve_opaque = run; /* Not needed by a plain record. */
    }
    rd_atomic32_sub(&run->buffer->rkbuf_refcnt, count - 1);
    rd_atomic32_sub(&run->partition->rktp_refcnt, count - 1);
}

static int has_references(const rd_kafka_op_t* entry) {
    return is_plain_record(entry) && entry->rko_u.fetch.rkbuf != NULL && entry->rko_rktp != NULL;
}

static void find_runs(const struct batch* batch) {
    size_t first = 0;

    while (first < batch->count) {
        const rd_kafka_op_t* entry = entry_of(batch->messages[first]);
        size_t end = first + 1;

        if (has_references(entry)) {
            for (; end < batch->count; end++) {
                const rd_kafka_op_t* next = entry_of(batch->messages[end]);
                if (!has_references(next) || next->rko_u.fetch.rkbuf != entry->rko_u.fetch.rkbuf) {
                    break;
                }
            }
            share_references(batch->messages + first, (int32_t)(end - first));
        }
        first = end;
    }
}

void millrace_record_destroy(rd_kafka_message_t* record) {
    rd_kafka_op_t* entry = entry_of(record);
    struct run* run = is_plain_record(entry) ? entry->rko_serve_opaque : NULL;

    rd_kafka_op_destroy(entry);
    if (run != NULL && rd_atomic32_sub(&run->records, 1) == 0) {
        rd_kafka_buf_destroy(run->buffer);
        rd_kafka_toppar_destroy(run->partition);
        rd_free(run);
    }
}

size_t millrace_partition_read(struct millrace_partition* partition, rd_kafka_message_t** messages,
                               size_t max, size_t* count, struct millrace_position* passed) {
    rd_kafka_t* client = partition->taken.rkq_rk;
    const int intercepted = rd_list_cnt(&client->rk_conf.interceptors.on_consume) > 0;
    struct batch batch = {messages, 0, RD_KAFKA_FETCH_POS(-1, -1), 0};
    size_t taken = 0;
    int32_t version = current_version(partition);

    for (; taken < max; taken++) {
        rd_kafka_op_t* entry;

        if (partition->taken.rkq_qlen == 0) {
            if (!refill(partition)) {
                break;
            }
            version = current_version(partition);
        }
        entry = TAILQ_FIRST(&partition->taken.rkq_q);
        rd_kafka_q_deq0(&partition->taken, entry);
        prefetch(TAILQ_FIRST(&partition->taken.rkq_q));
        if (!intercepted && is_plain_record(entry) && !is_outdated(entry, version)) {
            rd_kafka_message_t* message = &entry->rko_u.fetch.rkm.rkm_rkmessage;
            message->_private = entry;
            batch.messages[batch.count++] = message;
        } else {
            take_other(client, &partition->taken, entry, version, &batch);
        }
    }
    note_position(partition->toppar, &batch);
    find_runs(&batch);
    *count = batch.count;
    passed->offset = batch.passed.offset;
    passed->leader_epoch = batch.passed.leader_epoch;
    return taken;
}

struct millrace_stamp millrace_record_stamp(const rd_kafka_message_t* record) {
    const rd_kafka_msg_t* msg = rd_kafka_message2msg((rd_kafka_message_t*)record);
    struct millrace_stamp stamp;

    stamp.timestamp = msg->rkm_timestamp;
    stamp.has_timestamp = msg->rkm_tstype != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    stamp.leader_epoch = msg->rkm_u.consumer.leader_epoch;
    return stamp;
}

enum millrace_fetching millrace_partition_fetching(struct millrace_partition* partition) {
    rd_kafka_toppar_t* toppar = partition->toppar;
    enum millrace_fetching fetching = MILLRACE_NOT_FETCHING;

    rd_kafka_toppar_lock(toppar);
    switch (toppar->rktp_fetch_state) {
        case RD_KAFKA_TOPPAR_FETCH_OFFSET_QUERY:
        case RD_KAFKA_TOPPAR_FETCH_OFFSET_WAIT:
            fetching = MILLRACE_LOOKING_UP;
            break;
        case RD_KAFKA_TOPPAR_FETCH_ACTIVE:
        case RD_KAFKA_TOPPAR_FETCH_VALIDATE_EPOCH_WAIT:
            fetching = MILLRACE_FETCHING;
            break;
        default:
            break;
    }
    rd_kafka_toppar_unlock(toppar);
    return fetching;
}

rd_kafka_resp_err_t millrace_partition_restart(struct millrace_partition* restarted,
                                               int64_t offset) {
    rd_kafka_toppar_t* partition = restarted->toppar;
    rd_kafka_op_t* op = rd_kafka_op_new(RD_KAFKA_OP_FETCH_START);
    rd_kafka_op_t* reply;

    rd_kafka_toppar_lock(partition);
    partition->rktp_app_pos = RD_KAFKA_FETCH_POS(RD_KAFKA_OFFSET_INVALID, -1);
    rd_kafka_toppar_unlock(partition);

    op->rko_u.fetch_start.pos = RD_KAFKA_FETCH_POS(offset, -1);
    op->rko_u.fetch_start.rkcg = NULL; /* It still belongs to the consumer. */
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

static rd_kafka_op_res_t wake_brokers(rd_kafka_t* client, rd_kafka_q_t* queue,
                                      rd_kafka_op_t* entry) {
    (void)queue;
    (void)entry;
    rd_kafka_all_brokers_wakeup(client, RD_KAFKA_BROKER_STATE_UP, "fetching may continue");
    return RD_KAFKA_OP_RES_HANDLED;
}

void millrace_continue_fetching(rd_kafka_t* client) {
    rd_kafka_q_enq(client->rk_ops, rd_kafka_op_new_cb(client, RD_KAFKA_OP_WAKEUP, wake_brokers));
}

void millrace_abandon_group(rd_kafka_t* client) {
    rd_atomic32_set(&client->rk_terminate, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void millrace_give_partitions_up(rd_kafka_t* client) {
    rd_kafka_op_t* op = rd_kafka_op_new(RD_KAFKA_OP_ASSIGN);

    op->rko_u.assign.method = RD_KAFKA_ASSIGN_METHOD_INCR_UNASSIGN;
    op->rko_u.assign.partitions = rd_kafka_topic_partition_list_new(0);
    rd_kafka_q_enq(client->rk_cgrp->rkcg_ops, op);
}

int millrace_has_headers(const rd_kafka_message_t* message) {
    const rd_kafka_msg_t* msg = rd_kafka_message2msg((rd_kafka_message_t*)message);
    const rd_kafkap_bytes_t* wire;

    if (msg->rkm_headers != NULL) {
        return 1;
    }
    if (msg->rkm_flags & RD_KAFKA_MSG_F_PRODUCER) {
        return 0;
    }
    /* They start with their number. */
    wire = &msg->rkm_u.consumer.binhdrs;
    return RD_KAFKAP_BYTES_LEN(wire) > 0 && ((const char*)wire->data)[0] != 0;
}

/* A failure counts as undelivered until it was reported, so the wait is done in slices. */
#define MILLRACE_FLUSH_SLICE_MS 10

rd_kafka_resp_err_t millrace_flush(rd_kafka_t* client, int timeout_ms) {
    const rd_ts_t end = rd_timeout_init(timeout_ms);
    unsigned int left = 0;
    int wait;

    rd_atomic32_add(&client->rk_flushing, 1);
    rd_kafka_all_brokers_wakeup(client, RD_KAFKA_BROKER_STATE_UP, "flushing");
    do {
        rd_kafka_poll(client, 0);
        wait = rd_timeout_remains_limit(end, MILLRACE_FLUSH_SLICE_MS);
    } while (!rd_kafka_curr_msgs_wait_zero(client, wait, &left) && wait > 0);
    rd_atomic32_sub(&client->rk_flushing, 1);
    rd_kafka_poll(client, 0);
    return left > 0 ? RD_KAFKA_RESP_ERR__TIMED_OUT : RD_KAFKA_RESP_ERR_NO_ERROR;
}

void millrace_await_room(rd_kafka_t* client, int timeout_ms) {
    mtx_lock(&client->rk_curr_msgs.lock);
    if (client->rk_curr_msgs.cnt >= client->rk_curr_msgs.max_cnt ||
        client->rk_curr_msgs.size >= client->rk_curr_msgs.max_size) {
        cnd_timedwait_ms(&client->rk_curr_msgs.cnd, &client->rk_curr_msgs.lock, timeout_ms);
    }
    mtx_unlock(&client->rk_curr_msgs.lock);
    rd_kafka_poll(client, 0);
}

void millrace_date_at_epoch(rd_kafka_message_t* message) {
    rd_kafka_message2msg(message)->rkm_timestamp = 0;
}

struct millrace_coordinator_watch {
    rd_kafka_timer_t timer;
};

/* As rd_kafka_coord_req_fail, which is static. */
static void fail_coordinator_request(rd_kafka_t* client, rd_kafka_coord_req_t* request) {
    rd_kafka_op_t* reply = rd_kafka_op_new(RD_KAFKA_OP_RECV_BUF);
    rd_kafka_buf_t* buffer = rd_kafka_buf_new(0, 0);

    buffer->rkbuf_cb = request->creq_resp_cb;
    buffer->rkbuf_opaque = request->creq_reply_opaque;
    reply->rko_rk = client;
    reply->rko_err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    reply->rko_u.xbuf.rkbuf = buffer;
    rd_kafka_replyq_enq(&request->creq_replyq, reply, 0);

    TAILQ_REMOVE(&client->rk_coord_reqs, request, creq_link);
    request->creq_done = rd_true;
    rd_kafka_timer_stop(&client->rk_timers, &request->creq_tmr, RD_DO_LOCK);
    if (--request->creq_refcnt > 0) {
        return; /* A FindCoordinator request refers to it. */
    }
    if (request->creq_rkb != NULL) {
        rd_kafka_broker_persistent_connection_del(request->creq_rkb,
                                                  &request->creq_rkb->rkb_persistconn.coord);
        rd_kafka_broker_destroy(request->creq_rkb);
    }
    rd_kafka_replyq_destroy(&request->creq_replyq);
    rd_free(request->creq_coordkey);
    rd_free(request);
}

/* In the client's main thread, the only one that uses rk_coord_reqs. */
static void watch_coordinator_requests(rd_kafka_timers_t* timers, void* internal_broker) {
    rd_kafka_t* client = timers->rkts_rk;
    const rd_ts_t now = rd_clock();
    rd_kafka_coord_req_t* request;
    rd_kafka_coord_req_t* next;

    if (rd_kafka_terminating(client) || TAILQ_EMPTY(&client->rk_coord_reqs)) {
        return;
    }
    TAILQ_FOREACH_SAFE(request, &client->rk_coord_reqs, creq_link, next) {
        if (request->creq_ts_timeout <= now) {
            fail_coordinator_request(client, request);
        }
    }
    /* Looks for the coordinators of the others, at most once a second. */
    rd_kafka_coord_rkb_monitor_cb(internal_broker);
}

struct millrace_coordinator_watch* millrace_coordinator_watch_new(rd_kafka_t* client) {
    struct millrace_coordinator_watch* watch = calloc(1, sizeof *watch);

    if (watch != NULL) {
        rd_kafka_timer_start(&client->rk_timers, &watch->timer, MILLRACE_COORDINATOR_INTERVAL_US,
                             watch_coordinator_requests, client->rk_internal_rkb);
    }
    return watch;
}

void millrace_coordinator_watch_free(struct millrace_coordinator_watch* watch) {
    free(watch);
}
