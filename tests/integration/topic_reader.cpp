// SPDX-License-Identifier: Apache-2.0
#include "integration/topic_reader.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

namespace millrace::testing {

namespace {

constexpr int kTimeoutMs = 60'000;

struct Destroy {
    void operator()(rd_kafka_t* client) const noexcept {
        // These clients are not in a group that they would have to leave.
        rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    void operator()(rd_kafka_message_t* message) const noexcept {
        rd_kafka_message_destroy(message);
    }
    void operator()(rd_kafka_topic_partition_list_t* list) const noexcept {
        rd_kafka_topic_partition_list_destroy(list);
    }
};
using Client = std::unique_ptr<rd_kafka_t, Destroy>;
using Message = std::unique_ptr<rd_kafka_message_t, Destroy>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy>;

void check(rd_kafka_resp_err_t error, const std::string& what) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error(what + ": " + rd_kafka_err2str(error));
    }
}

Client make_client(const std::string& bootstrap_servers, const std::string& group) {
    char reason[512];
    rd_kafka_conf_t* config = rd_kafka_conf_new();
    for (const auto& [name, value] :
         std::map<std::string, std::string>{{"bootstrap.servers", bootstrap_servers},
                                            {"group.id", group},
                                            {"enable.auto.commit", "false"},
                                            {"isolation.level", "read_committed"}}) {
        rd_kafka_conf_set(config, name.c_str(), value.c_str(), reason, sizeof reason);
    }
    Client client(rd_kafka_new(RD_KAFKA_CONSUMER, config, reason, sizeof reason));
    if (client == nullptr) {
        rd_kafka_conf_destroy(config);
        throw std::runtime_error(reason);
    }
    rd_kafka_poll_set_consumer(client.get());
    return client;
}

std::int64_t end_offset(rd_kafka_t* client, const std::string& topic, std::int32_t partition) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    check(
        rd_kafka_query_watermark_offsets(client, topic.c_str(), partition, &low, &high, kTimeoutMs),
        "cannot read the end of " + topic);
    return high;
}

ReadRecord copy_of(const rd_kafka_message_t& message) {
    ReadRecord record;
    record.partition = message.partition;
    record.offset = message.offset;
    record.key.assign(static_cast<const char*>(message.key), message.key_len);
    record.value.assign(static_cast<const char*>(message.payload), message.len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char* name = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
                                RD_KAFKA_RESP_ERR_NO_ERROR;
             ++i) {
            record.headers[name] = std::string(static_cast<const char*>(value), size);
        }
    }
    return record;
}

}  // namespace

class TopicReader::Clients {
  public:
    rd_kafka_t* of(const std::string& bootstrap_servers, const std::string& group) {
        Client& client = by_group_[group];
        if (client == nullptr) {
            client = make_client(bootstrap_servers, group);
        }
        return client.get();
    }

  private:
    std::map<std::string, Client> by_group_;
};

std::int64_t ReadRecord::count() const {
    std::uint64_t number = 0;
    for (const char byte : value) {
        number = number << 8U | static_cast<unsigned char>(byte);
    }
    return static_cast<std::int64_t>(number);
}

TopicReader::TopicReader(std::string bootstrap_servers)
    : bootstrap_servers_(std::move(bootstrap_servers)), clients_(std::make_unique<Clients>()) {}

TopicReader::~TopicReader() = default;

std::vector<ReadRecord> TopicReader::read_all(const std::string& topic,
                                              std::int32_t partitions) const {
    const Client client = make_client(bootstrap_servers_, "topic-reader");
    const PartitionList all(rd_kafka_topic_partition_list_new(partitions));
    std::map<std::int32_t, std::int64_t> ends;
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
        const std::int64_t end = end_offset(client.get(), topic, partition);
        if (end > 0) {
            ends[partition] = end;
            rd_kafka_topic_partition_list_add(all.get(), topic.c_str(), partition)->offset =
                RD_KAFKA_OFFSET_BEGINNING;
        }
    }
    check(rd_kafka_assign(client.get(), all.get()), "cannot read " + topic);

    std::vector<ReadRecord> records;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTimeoutMs);
    while (!ends.empty()) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("cannot read all of " + topic);
        }
        const Message message(rd_kafka_consumer_poll(client.get(), 100));
        if (message != nullptr && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            records.push_back(copy_of(*message));
        }
        // The position also counts transaction markers.
        const PartitionList positions(rd_kafka_topic_partition_list_copy(all.get()));
        check(rd_kafka_position(client.get(), positions.get()), "no position in " + topic);
        for (int i = 0; i < positions->cnt; ++i) {
            const auto& position = positions->elems[i];
            const auto end = ends.find(position.partition);
            if (end != ends.end() && position.offset >= end->second) {
                ends.erase(end);
            }
        }
    }
    rd_kafka_assign(client.get(), nullptr);
    std::stable_sort(records.begin(), records.end(), [](const auto& left, const auto& right) {
        return std::pair(left.partition, left.offset) < std::pair(right.partition, right.offset);
    });
    return records;
}

std::int64_t TopicReader::lag(const std::string& group, const std::string& topic,
                              std::int32_t partitions) const {
    rd_kafka_t* const client = clients_->of(bootstrap_servers_, group);
    const PartitionList all(rd_kafka_topic_partition_list_new(partitions));
    rd_kafka_topic_partition_list_add_range(all.get(), topic.c_str(), 0, partitions - 1);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTimeoutMs);
    rd_kafka_resp_err_t error = rd_kafka_committed(client, all.get(), kTimeoutMs);
    // A newly started broker must first find out that it coordinates the group.
    while (error != RD_KAFKA_RESP_ERR_NO_ERROR && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        error = rd_kafka_committed(client, all.get(), kTimeoutMs);
    }
    check(error, "no offsets of " + group);
    std::int64_t total = 0;
    for (int i = 0; i < all->cnt; ++i) {
        const auto& committed = all->elems[i];
        total += end_offset(client, topic, committed.partition) -
                 std::max<std::int64_t>(0, committed.offset);
    }
    return total;
}

}  // namespace millrace::testing
