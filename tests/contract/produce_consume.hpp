// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "contract/contract.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace millrace::testing {

/// Records of one producer, as a consumer gets them.
class ProduceConsume : public Contract {
  protected:
    kafka::ProducerRecord record(TestProducer& producer, const std::string& topic,
                                 const NullableBytes& key, const NullableBytes& value) {
        kafka::ProducerRecord record;
        record.topic = producer->topic(topic);
        record.key = key;
        record.value = value;
        return record;
    }

    /// The first `count` records of the partition, as returned by the consumer.
    std::vector<kafka::Message> borrow(TestConsumer& consumer, const TopicPartition& partition,
                                       std::size_t count) {
        consumer.assign(partition);
        std::vector<kafka::Message> messages;
        eventually("read " + std::to_string(count) + " records", [&] {
            consumer.poll_only(patience());
            consumer->queue(partition)->read(messages, count - messages.size());
            return messages.size() == count;
        });
        return messages;
    }
};

}  // namespace millrace::testing
