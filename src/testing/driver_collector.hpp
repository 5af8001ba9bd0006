// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/record_collector.hpp"
#include "millrace/testing/test_record.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing {

/// Stores the records that a topology sends, in order. Every topic exists and has one partition.
class DriverCollector final : public millrace::detail::RecordCollector {
  public:
    millrace::detail::SinkTopic topic(const std::string& name) override {
        const auto [found, added] =
            indices_.try_emplace(name, static_cast<std::uint32_t>(topics_.size()));
        if (added) {
            topics_.push_back({name, 0});
        }
        return {found->second};
    }

    Partition partition_count(millrace::detail::SinkTopic) override { return 1; }

    void send(millrace::detail::SinkTopic topic,
              const millrace::detail::OutgoingRecord& record) override {
        Topic& to = topics_.at(topic.index);
        BytesRecord copy{.topic = to.name, .timestamp = record.timestamp};
        if (record.key) {
            copy.key = Bytes(*record.key);
        }
        if (record.value) {
            copy.value = Bytes(*record.value);
        }
        if (record.headers != nullptr) {
            copy.headers = *record.headers;
        }
        if (record.acknowledged != nullptr) {
            *record.acknowledged = to.end;
        }
        ++to.end;
        sent_.push_back(std::move(copy));
    }

    /// Takes the records that were sent since the last call.
    std::vector<BytesRecord> take() { return std::exchange(sent_, {}); }

  private:
    struct Topic {
        std::string name;
        Offset end;
    };

    std::vector<Topic> topics_;
    std::map<std::string, std::uint32_t> indices_;
    std::vector<BytesRecord> sent_;
};

}  // namespace millrace::testing
