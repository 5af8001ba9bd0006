// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/record_collector.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace millrace::support {

/// What was sent, owned.
struct SentRecord {
    std::string topic;
    NullableOwnedBytes key;
    NullableOwnedBytes value;
    std::optional<Timestamp> timestamp;
    Headers headers;
    std::optional<Partition> partition;
};

/// Stores sent records. Acknowledges at once, with offsets from 0 in each topic.
class FakeRecordCollector final : public millrace::detail::RecordCollector {
  public:
    millrace::detail::SinkTopic topic(const std::string& name) override {
        const auto found = std::find(topics_.begin(), topics_.end(), name);
        const auto index = static_cast<std::uint32_t>(found - topics_.begin());
        if (found == topics_.end()) {
            topics_.push_back(name);
        }
        return {index};
    }

    Partition partition_count(millrace::detail::SinkTopic) override { return partitions; }

    void send(millrace::detail::SinkTopic to,
              const millrace::detail::OutgoingRecord& record) override {
        const std::string& name = topics_.at(to.index);
        if (record.acknowledged != nullptr) {
            *record.acknowledged =
                std::count_if(sent.begin(), sent.end(),
                              [&](const SentRecord& other) { return other.topic == name; });
        }
        sent.push_back({name, owned(record.key), owned(record.value), record.timestamp,
                        record.headers == nullptr ? Headers() : *record.headers, record.partition});
    }

    std::vector<SentRecord> take() { return std::exchange(sent, {}); }

    std::vector<SentRecord> sent;
    Partition partitions = 1;

  private:
    static NullableOwnedBytes owned(const NullableBytes& bytes) {
        return bytes ? NullableOwnedBytes(Bytes(*bytes)) : std::nullopt;
    }

    std::vector<std::string> topics_;
};

}  // namespace millrace::support
