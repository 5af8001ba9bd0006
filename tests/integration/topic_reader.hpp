// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::testing {

struct ReadRecord {
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::string key;
    std::string value;
    std::map<std::string, std::string> headers;
};

/// Looks at topics and groups of a real cluster with librdkafka alone, so that a defect of
/// Millrace's clients cannot hide another. Members throw std::runtime_error when the cluster does
/// not answer within a minute. Not thread-safe.
class TopicReader {
  public:
    explicit TopicReader(std::string bootstrap_servers);
    ~TopicReader();

    /// All records a topic has now, by partition and offset.
    std::vector<ReadRecord> read_all(const std::string& topic, std::int32_t partitions) const;

    /// How many records of `topic` there are that `group` has not committed.
    std::int64_t lag(const std::string& group, const std::string& topic,
                     std::int32_t partitions) const;

  private:
    class Clients;

    std::string bootstrap_servers_;
    std::unique_ptr<Clients> clients_;  // By group, kept because asking begins with connecting.
};

}  // namespace millrace::testing
