// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"

#include <memory>
#include <stdexcept>
#include <string>

namespace millrace::support {

/// Accepts every record, acknowledges it at once and discards it, so that only Millrace's cost is
/// measured.
class NullProducer final : public kafka::Producer {
  public:
    explicit NullProducer(std::uint64_t& sent) : sent_(sent) {}

    kafka::TopicHandle topic(const std::string&) override { return {topics_++}; }
    kafka::Result<Partition> partition_count(kafka::TopicHandle,
                                             std::chrono::milliseconds) override {
        return Partition{4};
    }
    kafka::Status send(const kafka::ProducerRecord& record) override {
        ++sent_;
        if (record.acknowledged != nullptr) {
            *record.acknowledged = static_cast<Offset>(sent_);
        }
        return {};
    }
    void poll() override {}
    kafka::Status flush(std::chrono::milliseconds) override { return {}; }
    void purge() override {}
    kafka::Status init_transactions(std::chrono::milliseconds) override { return {}; }
    kafka::Status begin_transaction() override { return {}; }
    kafka::Status send_offsets(std::span<const kafka::OffsetCommit>, const kafka::GroupMetadata&,
                               std::chrono::milliseconds) override {
        return {};
    }
    kafka::Status commit_transaction(std::chrono::milliseconds) override { return {}; }
    kafka::Status abort_transaction(std::chrono::milliseconds) override { return {}; }

  private:
    std::uint64_t& sent_;
    std::uint32_t topics_ = 0;
};

/// Creates such producers, and nothing else.
class NullClients final : public kafka::ClientSupplier {
  public:
    std::unique_ptr<kafka::Consumer> make_consumer(const kafka::ClientSettings&,
                                                   std::shared_ptr<kafka::GroupAssignor>) override {
        throw std::logic_error("there are no consumers here");
    }
    std::unique_ptr<kafka::Producer> make_producer(const kafka::ClientSettings&,
                                                   kafka::ProducerListener&) override {
        return std::make_unique<NullProducer>(sent_);
    }
    std::unique_ptr<kafka::Admin> make_admin(const kafka::ClientSettings&) override {
        throw std::logic_error("there is no admin here");
    }

    /// How many records were sent through all producers.
    std::uint64_t sent() const noexcept { return sent_; }

  private:
    std::uint64_t sent_ = 0;
};

}  // namespace millrace::support
