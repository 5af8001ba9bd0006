// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "kafka/producer.hpp"

#include <chrono>
#include <span>

namespace millrace::runtime {

/// The transactions of one producer, one after the other: output, changelog records and offsets of
/// all tasks of a stream thread become visible together (KIP-447).
///
///     not initialised ──initialise──► ready ──ensure_open──► open ──commit──► ready
///
/// Every failure that leaves an open transaction behind throws RestartFromCommit: the owner
/// destroys the producer and creates a new one. Its initialise() fences the old one, so that a
/// delayed commit request has no effect any more, and ends the open transaction. Tasks then
/// continue from the group's committed offsets, which Kafka does not return while their transaction
/// is undecided. So an unknown outcome needs no other decision: what was committed is kept, the
/// rest is processed again.
///
/// Not thread-safe: owned by a stream thread.
class OutputTransaction {
  public:
    /// Both must outlive this.
    OutputTransaction(kafka::Producer& producer, const Clock& clock)
        : producer_(producer), clock_(clock) {}

    /// Ends what earlier producers with the same transactional.id have left open, once. One attempt
    /// of up to `timeout`. False: Kafka does not respond, try again. Throws KafkaError if Kafka
    /// refuses, RestartFromCommit if the producer cannot be used any more.
    bool initialise(std::chrono::milliseconds timeout);

    /// Begins a transaction if none is open. Throws RestartFromCommit if that is impossible.
    void ensure_open() {
        if (state_ != State::kOpen) [[unlikely]] {
            begin();
        }
    }

    bool open() const noexcept { return state_ == State::kOpen; }

    /// Commits all output of the transaction with these offsets. Not ok: nothing has changed, and
    /// the same call may succeed later. Throws RestartFromCommit if the outcome is unknown or the
    /// transaction must be aborted, KafkaError if the producer is not authorized.
    kafka::Status commit(std::span<const kafka::OffsetCommit> offsets,
                         const kafka::GroupMetadata& group, std::chrono::milliseconds timeout);

    /// Discards the output of an open transaction. False if that failed: a new producer is needed.
    bool abort(std::chrono::milliseconds timeout);

  private:
    enum class State { kNotInitialised, kReady, kOpen, kUnusable };

    void begin();
    [[noreturn]] void give_up(const char* what, const kafka::Status& status);

    kafka::Producer& producer_;
    const Clock& clock_;
    State state_ = State::kNotInitialised;
};

}  // namespace millrace::runtime
