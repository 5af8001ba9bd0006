// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

namespace millrace::kafka {

/// A unique_ptr deleter that calls a C function.
template <auto kFree>
struct FreeBy {
    template <class T>
    void operator()(T* owned) const noexcept {
        kFree(owned);
    }
};

// rd_kafka_destroy waits, possibly forever, until no queue, topic, message or partition list
// refers to the client. Therefore a class declares its client before every member that refers to
// it.
using RdError = std::unique_ptr<rd_kafka_error_t, FreeBy<rd_kafka_error_destroy>>;
using RdEvent = std::unique_ptr<rd_kafka_event_t, FreeBy<rd_kafka_event_destroy>>;
using RdHeaders = std::unique_ptr<rd_kafka_headers_t, FreeBy<rd_kafka_headers_destroy>>;
using RdList =
    std::unique_ptr<rd_kafka_topic_partition_list_t, FreeBy<rd_kafka_topic_partition_list_destroy>>;
using RdMessage = std::unique_ptr<rd_kafka_message_t, FreeBy<rd_kafka_message_destroy>>;
using RdQueue = std::unique_ptr<rd_kafka_queue_t, FreeBy<rd_kafka_queue_destroy>>;
using RdTopic = std::unique_ptr<rd_kafka_topic_t, FreeBy<rd_kafka_topic_destroy>>;
using RdGroupMetadata = std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                                        FreeBy<rd_kafka_consumer_group_metadata_destroy>>;
using RdMetadata = std::unique_ptr<const rd_kafka_metadata_t, FreeBy<rd_kafka_metadata_destroy>>;

}  // namespace millrace::kafka
