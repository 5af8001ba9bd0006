// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "kafka/producer.hpp"

#include <chrono>
#include <span>
#include <string>
#include <utility>

namespace millrace::runtime {

/// True if there was no response to a request of a producer, or a retriable error.
bool unanswered(const kafka::Status& status);

/// Manages the transactions of one producer: output, changelog records and offsets of all tasks of
/// a stream thread become visible together (KIP-447).
///
///     not initialised ──initialise──► ready ──ensure_open──► open ──commit──► ready
///                                                             │ failure
///                                            ready ◄──abort── failed
///
/// Every failure that leaves a transaction open throws RestartFromCommit: the owner destroys the
/// producer and creates a new one. Its initialise() fences the old one, so that a delayed commit
/// request has no effect, and aborts the open transaction. Tasks then continue at the group's
/// committed offsets, which Kafka does not return while their transaction is pending. An unknown
/// outcome therefore needs no special handling: committed records are kept, and others are
/// processed again.
///
/// Not thread-safe: owned by a stream thread.
class OutputTransaction {
  public:
    /// `producer` and `clock` must outlive this. `id` is the producer's transactional.id, for
    /// errors.
    OutputTransaction(kafka::Producer& producer, const Clock& clock, std::string id)
        : producer_(producer), clock_(clock), id_(std::move(id)) {}

    /// Aborts transactions that earlier producers with this transactional.id have left open. Tries
    /// once, for up to `timeout`; no effect after a success. Returns false if Kafka does not
    /// respond, to be tried again. Throws KafkaError if Kafka refuses, RestartFromCommit if the
    /// producer cannot be used any more.
    bool initialise(std::chrono::milliseconds timeout);

    /// Begins a transaction if none is open. Throws RestartFromCommit if that is impossible.
    void ensure_open() {
        if (state_ != State::kOpen) [[unlikely]] {
            begin();
        }
    }

    bool open() const noexcept { return state_ == State::kOpen; }

    /// Commits all output of the transaction with these offsets. If the status is not ok, the
    /// transaction is still open, and the call may be retried. Throws RestartFromCommit if the
    /// outcome is unknown or the transaction must be aborted, KafkaError if the producer is not
    /// authorized.
    kafka::Status commit(std::span<const kafka::OffsetCommit> offsets,
                         const kafka::GroupMetadata& group, std::chrono::milliseconds timeout);

    /// Discards the output of an open transaction. Returns false if only a new producer can: its
    /// initialise() does. No effect, and true, if another producer with this id has fenced this
    /// one.
    bool abort(std::chrono::milliseconds timeout);

  private:
    enum class State {
        kNotInitialised,
        kReady,
        kOpen,
        kFailed,   ///< Must be aborted.
        kUnknown,  ///< It may be open, and this producer cannot end it.
        kFenced,   ///< Another producer has ended it.
    };

    void begin();
    [[noreturn]] void give_up(State left_in, const char* what, const kafka::Status& status);

    kafka::Producer& producer_;
    const Clock& clock_;
    std::string id_;
    State state_ = State::kNotInitialised;
};

}  // namespace millrace::runtime
