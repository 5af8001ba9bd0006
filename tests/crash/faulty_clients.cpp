// SPDX-License-Identifier: Apache-2.0
#include "crash/faulty_clients.hpp"

#include "support/forwarding_clients.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace millrace::crash {

namespace {

using std::chrono::milliseconds;

class FaultyProducer final : public kafka::Producer {
  public:
    FaultyProducer(std::unique_ptr<kafka::Producer> to, Mistake mistake)
        : to_(std::move(to)), mistake_(mistake) {}

    kafka::TopicHandle topic(const std::string& name) override {
        const kafka::TopicHandle handle = to_->topic(name);
        names_.resize(std::max<std::size_t>(names_.size(), handle.index + 1));
        names_[handle.index] = name;
        return handle;
    }
    kafka::Result<Partition> partition_count(kafka::TopicHandle topic,
                                             milliseconds timeout) override {
        return to_->partition_count(topic, timeout);
    }

    kafka::Status send(const kafka::ProducerRecord& record) override {
        if (mistake_ == Mistake::kChangelogNotWritten &&
            names_[record.topic.index].ends_with("-counts-changelog")) {
            return {};
        }
        if (mistake_ == Mistake::kFlushDoesNotWait) {
            held_.push_back({record, copy(record.key), copy(record.value)});
            return {};
        }
        return to_->send(record);
    }

    void poll() override {
        if (std::exchange(flushed_, false)) {
            deliver();
        }
        to_->poll();
    }
    kafka::Status flush(milliseconds timeout) override {
        flushed_ = true;
        return to_->flush(timeout);
    }
    void purge() override { to_->purge(); }

    kafka::Status init_transactions(milliseconds timeout) override {
        return to_->init_transactions(timeout);
    }
    kafka::Status begin_transaction() override { return to_->begin_transaction(); }
    kafka::Status send_offsets(std::span<const kafka::OffsetCommit> offsets,
                               const kafka::GroupMetadata& group, milliseconds timeout) override {
        ++calls_;
        const bool forgotten = mistake_ == Mistake::kNoOffsets ||
                               (mistake_ == Mistake::kOffsetsNotInTransaction && calls_ % 2 == 1);
        return forgotten ? kafka::Status{} : to_->send_offsets(offsets, group, timeout);
    }
    kafka::Status commit_transaction(milliseconds timeout) override {
        return to_->commit_transaction(timeout);
    }
    kafka::Status abort_transaction(milliseconds timeout) override {
        return mistake_ == Mistake::kAbortCommits ? to_->commit_transaction(timeout)
                                                  : to_->abort_transaction(timeout);
    }

  private:
    struct Held {
        kafka::ProducerRecord record;
        NullableOwnedBytes key;
        NullableOwnedBytes value;
    };

    void deliver() {
        for (const Held& held : std::exchange(held_, {})) {
            kafka::ProducerRecord record = held.record;
            record.key = view(held.key);
            record.value = view(held.value);
            record.headers = nullptr;
            static_cast<void>(to_->send(record).ok());
        }
    }

    static NullableOwnedBytes copy(const NullableBytes& bytes) {
        return bytes ? NullableOwnedBytes(*bytes) : std::nullopt;
    }
    static NullableBytes view(const NullableOwnedBytes& bytes) {
        return bytes ? NullableBytes(*bytes) : std::nullopt;
    }

    std::unique_ptr<kafka::Producer> to_;
    Mistake mistake_;
    std::vector<std::string> names_;
    std::vector<Held> held_;
    bool flushed_ = false;
    int calls_ = 0;
};

class FaultyClients final : public support::ForwardingClients {
  public:
    FaultyClients(std::shared_ptr<kafka::ClientSupplier> to, Mistake mistake)
        : ForwardingClients(std::move(to)), mistake_(mistake) {}

    std::unique_ptr<kafka::Consumer> make_consumer(
        const kafka::ClientSettings& settings,
        std::shared_ptr<kafka::GroupAssignor> assignor) override {
        kafka::ClientSettings changed = settings;
        if (mistake_ == Mistake::kRestoresUncommitted && assignor == nullptr) {
            changed["isolation.level"] = "read_uncommitted";
        }
        return ForwardingClients::make_consumer(changed, std::move(assignor));
    }
    std::unique_ptr<kafka::Producer> make_producer(const kafka::ClientSettings& settings,
                                                   kafka::ProducerListener& listener) override {
        return std::make_unique<FaultyProducer>(
            ForwardingClients::make_producer(settings, listener), mistake_);
    }

  private:
    Mistake mistake_;
};

}  // namespace

std::shared_ptr<kafka::ClientSupplier> faulty(std::shared_ptr<kafka::ClientSupplier> clients,
                                              Mistake mistake) {
    if (mistake == Mistake::kNone || mistake == Mistake::kFilesLost) {
        return clients;
    }
    return std::make_shared<FaultyClients>(std::move(clients), mistake);
}

}  // namespace millrace::crash
