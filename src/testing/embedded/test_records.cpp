// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/test_records.hpp"

#include "kafka/murmur2.hpp"
#include "millrace/core/error.hpp"

namespace millrace::testing::embedded {
namespace {

NullableBytes view_of(const NullableOwnedBytes& bytes) {
    return bytes ? NullableBytes(*bytes) : std::nullopt;
}

}  // namespace

void refuse(const std::string& message) {
    throw Error(ErrorKind::kInvalidArgument, message);
}

void require_ok(const kafka::Status& status) {
    if (!status.ok()) {
        refuse(status.message());
    }
}

std::shared_ptr<PartitionLog> log_for(Cluster& cluster, const std::string& topic,
                                      const NewBrokerRecord& record) {
    const auto found = cluster.topic_for_producing(topic);
    if (found == nullptr) {
        refuse("no such topic: " + topic);
    }
    const std::int32_t count = found->partition_count();
    Partition partition = 0;
    if (record.partition) {
        partition = *record.partition;
    } else if (record.key) {
        partition = kafka::partition_for_key(*record.key, count);
    } else {
        partition = found->next_keyless++ % count;
    }
    if (partition < 0 || partition >= count) {
        refuse("no such partition: " + to_string(TopicPartition{topic, partition}));
    }
    return found->partitions[static_cast<std::size_t>(partition)];
}

kafka::Status append_record(Cluster& cluster, const std::shared_ptr<PartitionLog>& log,
                            const NewBrokerRecord& record, const ProducerStamp& stamp) {
    BatchBuilder builder;
    const std::int64_t now = cluster.clock().now();
    builder.add(view_of(record.key), view_of(record.value),
                record.timestamp ? milliseconds_of(*record.timestamp) : now, &record.headers);
    return log->append(builder.seal(), stamp, now).status();
}

}  // namespace millrace::testing::embedded
