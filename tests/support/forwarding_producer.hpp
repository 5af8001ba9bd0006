// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/producer.hpp"
#include "support/forwarding_clients.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace millrace::support {

/// Passes all calls to another producer: for tests that override some of them.
class ForwardingProducer : public kafka::Producer {
  public:
    explicit ForwardingProducer(std::unique_ptr<kafka::Producer> to) : to_(std::move(to)) {}

    kafka::TopicHandle topic(const std::string& name) override { return to_->topic(name); }
    kafka::Result<Partition> partition_count(kafka::TopicHandle topic,
                                             std::chrono::milliseconds timeout) override {
        return to_->partition_count(topic, timeout);
    }
    kafka::Status send(const kafka::ProducerRecord& record) override { return to_->send(record); }
    void poll() override { to_->poll(); }
    kafka::Status flush(std::chrono::milliseconds timeout) override { return to_->flush(timeout); }
    void purge() override { to_->purge(); }
    kafka::Status init_transactions(std::chrono::milliseconds timeout) override {
        return to_->init_transactions(timeout);
    }
    kafka::Status begin_transaction() override { return to_->begin_transaction(); }
    kafka::Status send_offsets(std::span<const kafka::OffsetCommit> offsets,
                               const kafka::GroupMetadata& group,
                               std::chrono::milliseconds timeout) override {
        return to_->send_offsets(offsets, group, timeout);
    }
    kafka::Status commit_transaction(std::chrono::milliseconds timeout) override {
        return to_->commit_transaction(timeout);
    }
    kafka::Status abort_transaction(std::chrono::milliseconds timeout) override {
        return to_->abort_transaction(timeout);
    }
    bool has_unanswered_requests() const override { return to_->has_unanswered_requests(); }

  private:
    std::unique_ptr<kafka::Producer> to_;
};

/// Clients whose producers are `Replacement`s, each made from the original producer and `state`,
/// which must outlive them.
template <class Replacement, class State>
class ReplacedProducers final : public ForwardingClients {
  public:
    ReplacedProducers(std::shared_ptr<kafka::ClientSupplier> to, State& state)
        : ForwardingClients(std::move(to)), state_(state) {}

    std::unique_ptr<kafka::Producer> make_producer(const kafka::ClientSettings& settings,
                                                   kafka::ProducerListener& listener) override {
        return std::make_unique<Replacement>(ForwardingClients::make_producer(settings, listener),
                                             state_);
    }

  private:
    State& state_;
};

}  // namespace millrace::support
