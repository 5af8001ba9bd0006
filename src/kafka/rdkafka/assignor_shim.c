/* SPDX-License-Identifier: Apache-2.0 */

/* librdkafka's internal headers. Only this file and internals_shim.c include them. */
#include "rd.h"
#include "rdkafka_int.h"
#include "rdkafka_assignor.h"
#include "rdkafka_cgrp.h"
#include "rdkafka_metadata.h"

#include "assignor_shim.h"

#if RD_KAFKA_VERSION != 0x020e02ff
#error "The shim was written against librdkafka 2.14.2: compare its internal headers first."
#endif

static const char* text_of(const rd_kafkap_str_t* text) {
    return text != NULL && !RD_KAFKAP_STR_IS_NULL(text) ? text->str : "";
}

static void give_user_data(rd_kafka_group_member_t* member, const void* data, size_t size) {
    if (member->rkgm_userdata != NULL) {
        rd_kafkap_bytes_destroy(member->rkgm_userdata);
    }
    member->rkgm_userdata = rd_kafkap_bytes_new(data, (int32_t)size);
}

static void describe_member(const rd_kafka_group_member_t* from, struct millrace_group_member* to) {
    to->member_id = text_of(from->rkgm_member_id);
    to->group_instance_id = text_of(from->rkgm_group_instance_id);
    to->rack_id = text_of(from->rkgm_rack_id);
    to->generation = from->rkgm_generation;
    to->subscription = from->rkgm_subscription;
    to->owned = from->rkgm_owned;
    to->user_data = from->rkgm_userdata != NULL ? from->rkgm_userdata->data : NULL;
    to->user_data_size =
        from->rkgm_userdata != NULL ? (size_t)RD_KAFKAP_BYTES_LEN(from->rkgm_userdata) : 0;
    to->assignment = from->rkgm_assignment;
}

/* The partitions that a member owns are withheld from the others. The list must exist:
 * librdkafka crashes on a member without one. */
static void believe(rd_kafka_group_member_t* member, rd_kafka_topic_partition_list_t* still_owned) {
    if (still_owned != NULL) {
        if (member->rkgm_owned != NULL) {
            rd_kafka_topic_partition_list_destroy(member->rkgm_owned);
        }
        member->rkgm_owned = still_owned;
    } else if (member->rkgm_owned == NULL) {
        member->rkgm_owned = rd_kafka_topic_partition_list_new(0);
    }
}

static rd_kafka_resp_err_t on_assign(rd_kafka_t* client, const rd_kafka_assignor_t* self,
                                     const char* member_id, const rd_kafka_metadata_t* metadata,
                                     rd_kafka_group_member_t* members, size_t member_count,
                                     rd_kafka_assignor_topic_t** topics, size_t topic_count,
                                     char* error, size_t error_size, void* opaque) {
    const struct millrace_assignor* assignor = opaque;
    struct millrace_group_member* described = rd_calloc(member_count + 1, sizeof(*described));
    struct millrace_topic* counts = rd_calloc(topic_count + 1, sizeof(*counts));
    size_t i;
    int failed;

    (void)client;
    (void)self;
    (void)member_id;
    (void)metadata;
    for (i = 0; i < member_count; i++) {
        describe_member(&members[i], &described[i]);
    }
    for (i = 0; i < topic_count; i++) {
        counts[i].name = topics[i]->metadata->topic;
        counts[i].partitions = topics[i]->metadata->partition_cnt;
    }

    failed = assignor->assign(assignor->opaque, described, member_count, counts, topic_count, error,
                              error_size);

    for (i = 0; i < member_count; i++) {
        believe(&members[i], described[i].still_owned);
        if (!failed) {
            give_user_data(&members[i], described[i].assignment_user_data,
                           described[i].assignment_user_data_size);
        }
    }
    rd_free(described);
    rd_free(counts);
    return failed ? RD_KAFKA_RESP_ERR__FAIL : RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The generation of a member's owned partitions, stored by librdkafka between the callbacks. */
struct assignor_state {
    int32_t generation;
};

static rd_kafkap_bytes_t* on_get_metadata(const rd_kafka_assignor_t* self, void* state,
                                          const rd_list_t* topics,
                                          const rd_kafka_topic_partition_list_t* owned,
                                          const rd_kafkap_str_t* rack_id) {
    const struct millrace_assignor* assignor = self->rkas_opaque;
    const struct assignor_state* known = state;
    const void* data = NULL;
    size_t size = 0;
    rd_list_t wanted; /* Points to the elements of `topics`. */
    rd_kafka_topic_info_t* topic;
    rd_kafkap_bytes_t* metadata;
    int i;

    rd_list_init(&wanted, rd_list_cnt(topics), NULL);
    RD_LIST_FOREACH(topic, topics, i) {
        if (assignor->wants(assignor->opaque, topic->topic)) {
            rd_list_add(&wanted, topic);
        }
    }
    assignor->subscription_user_data(assignor->opaque, &data, &size);
    metadata = rd_kafka_consumer_protocol_member_metadata_new(
        &wanted, data, size, owned, known != NULL ? known->generation : -1, rack_id);
    rd_list_destroy(&wanted);
    return metadata;
}

static void on_assignment(const rd_kafka_assignor_t* self, void** state,
                          const rd_kafka_topic_partition_list_t* assignment,
                          const rd_kafkap_bytes_t* user_data,
                          const rd_kafka_consumer_group_metadata_t* group) {
    const struct millrace_assignor* assignor = self->rkas_opaque;
    struct assignor_state* known = *state;

    if (known == NULL) {
        *state = known = rd_malloc(sizeof(*known));
    }
    known->generation = rd_kafka_consumer_group_metadata_generation_id(group);
    assignor->assigned(assignor->opaque, assignment,
                       user_data != NULL ? user_data->data : NULL,
                       user_data != NULL && user_data->data != NULL
                           ? (size_t)RD_KAFKAP_BYTES_LEN(user_data)
                           : 0);
}

static void on_destroy_state(void* state) {
    rd_free(state);
}

rd_kafka_resp_err_t millrace_use_assignor(rd_kafka_t* client, const char* name,
                                          const struct millrace_assignor* assignor) {
    rd_kafka_assignor_t* other;
    rd_kafka_resp_err_t error;
    int i;

    error = rd_kafka_assignor_add(client, "consumer", name, RD_KAFKA_REBALANCE_PROTOCOL_COOPERATIVE,
                                  on_assign, on_get_metadata, on_assignment, on_destroy_state, NULL,
                                  (void*)assignor);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return error;
    }
    RD_LIST_FOREACH(other, &client->rk_conf.partition_assignors, i) {
        other->rkas_enabled = 0;
    }
    rd_kafka_assignor_find(client, name)->rkas_enabled = 1;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* On librdkafka's main thread. */
static rd_kafka_op_res_t rejoin_now(rd_kafka_t* client, rd_kafka_q_t* queue, rd_kafka_op_t* op) {
    rd_kafka_cgrp_t* group = client->rk_cgrp;
    rd_kafka_op_t* reply;

    (void)queue;
    if (op->rko_err == RD_KAFKA_RESP_ERR__DESTROY) {
        return RD_KAFKA_OP_RES_HANDLED; /* The client is being destroyed: no thread waits any more. */
    }
    /* The type is not used, but must be one of a request with a callback. */
    reply = rd_kafka_op_new(RD_KAFKA_OP_TXN | RD_KAFKA_OP_REPLY);
    if (group == NULL || group->rkcg_join_state != RD_KAFKA_CGRP_JOIN_STATE_STEADY ||
        (group->rkcg_flags & RD_KAFKA_CGRP_F_TERMINATE)) {
        reply->rko_err = RD_KAFKA_RESP_ERR__STATE;
    } else {
        /* As after a revocation: a stable member with this mark rejoins. */
        group->rkcg_rebalance_rejoin = rd_true;
        rd_kafka_cgrp_assignment_done(group);
    }
    rd_kafka_replyq_enq(&op->rko_replyq, reply, 0);
    return RD_KAFKA_OP_RES_HANDLED;
}

rd_kafka_resp_err_t millrace_rejoin(rd_kafka_t* client) {
    rd_kafka_op_t* op = rd_kafka_op_new_cb(client, RD_KAFKA_OP_TXN, rejoin_now);
    rd_kafka_op_t* reply = rd_kafka_op_req(client->rk_ops, op, RD_POLL_INFINITE);

    return reply != NULL ? rd_kafka_op_err_destroy(reply) : RD_KAFKA_RESP_ERR__DESTROY;
}
