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

    /// The value, which is a count, as a number.
    std::int64_t count() const;
};

/// Reads topics and groups of a real cluster with librdkafka only, so that a bug of Millrace's
/// clients cannot hide another one. Functions throw std::runtime_error if the cluster does not
/// respond within a minute. Not thread-safe.
class TopicReader {
  public:
    explicit TopicReader(std::string bootstrap_servers);
    ~TopicReader();

    /// All records of a topic now, by partition and offset.
    std::vector<ReadRecord> read_all(const std::string& topic, std::int32_t partitions) const;

    /// How many records of `topic` `group` has not committed.
    std::int64_t lag(const std::string& group, const std::string& topic,
                     std::int32_t partitions) const;

  private:
    class Clients;

    std::string bootstrap_servers_;
    std::unique_ptr<Clients> clients_;  // By group, kept because a request starts with connecting.
};

}  // namespace millrace::testing
