// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_thread.hpp"

#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "kafka/isolation_of.hpp"
#include "millrace/core/error.hpp"
#include "state/format/state_corrupted.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace millrace::runtime {

namespace {

constexpr std::size_t kBatchRecords = 4096;

/// Limits how long readers of the stores may have to wait: in records, and in written bytes.
constexpr std::size_t kRecordsAtOnce = 64;
constexpr std::size_t kUncommittedBytes = 1 << 20;

}  // namespace

GlobalThread::GlobalThread(Parts parts)
    : parts_(std::move(parts)),
      log_(*parts_.clock),
      task_(*parts_.application, std::move(parts_.stores), parts_.settings,
            std::move(parts_.dropped)),
      views_(task_.stores(), parts_.application->spec->global_stores),
      consumer_(parts_.supplier->make_consumer(parts_.consumer_settings, nullptr)),
      start_({.specs = parts_.application->spec->global_stores,
              .task = task_,
              .gate = *views_.gate(),
              .admin = *parts_.admin,
              .clock = *parts_.clock,
              .log = log_,
              .isolation = kafka::isolation_of(parts_.consumer_settings),
              .request_timeout = parts_.request_timeout}),
      commits_(task_, *views_.gate(), inputs_, *consumer_, *parts_.clock) {}

GlobalThread::~GlobalThread() {
    close();
}

const std::string& GlobalThread::store_of(const GlobalInput& input) const {
    return parts_.application->spec->global_stores[input.topic].store.name;
}

bool GlobalThread::caught_up() {
    return prepared_ && std::all_of(inputs_.begin(), inputs_.end(), [](const GlobalInput& input) {
               return input.next >= input.end;
           });
}

std::chrono::milliseconds GlobalThread::run_once(Timestamp) {
    try {
        if (views_.gate()->damaged()) {
            throw state::StateCorrupted("a task read damaged files of the global stores");
        }
        turn();
        return std::chrono::milliseconds{0};
    } catch (const state::StateCorrupted&) {
        damaged_ = true;
        throw;
    }
}

void GlobalThread::turn() {
    if (!prepared_ && !prepare()) {
        consumer_->poll(parts_.poll);
        return;
    }
    bool any = false;
    for (GlobalInput& input : inputs_) {
        any = read(input) || any;
    }
    commits_.keep_current();
    consumer_->poll(any ? std::chrono::milliseconds{0} : parts_.poll);
    if (!failure_.empty()) {
        throw KafkaError(failure_);
    }
    if (!commits_.trusts_all()) {
        start_again();
    }
}

/// Looks up the topics and starts to read them. False: no response from the cluster, to be retried.
bool GlobalThread::prepare() {
    std::optional<GlobalInputs> inputs = start_.look_up();
    if (!inputs) {
        return false;
    }
    inputs_ = std::move(*inputs);
    commits_.started();
    begin();
    return true;
}

void GlobalThread::begin() {
    std::vector<kafka::StartPosition> starts;
    for (const GlobalInput& input : inputs_) {
        starts.push_back({input.partition, input.next, input.epoch});
    }
    const kafka::Status assigned = consumer_->assign(starts, *this);
    if (!assigned.ok()) {
        throw KafkaError("cannot read the topics of global stores: " + assigned.message());
    }
    if (!std::exchange(started_, true)) {
        task_.start(parts_.clock->now());
    }
    prepared_ = true;
    for (GlobalInput& input : inputs_) {
        first_reading_.started(input, store_of(input));
        advanced(input, 0);
    }
}

bool GlobalThread::read(GlobalInput& input) {
    kafka::PartitionQueue* queue = consumer_->queue(input.partition);
    if (queue == nullptr) {
        return false;
    }
    messages_.clear();
    const std::size_t count = queue->read(messages_, kBatchRecords);
    const Offset before = input.next;
    if (count > 0) {
        update(input);
    }
    messages_.clear();
    if (const auto position = queue->position(); position && *position > input.next) {
        passed(input, *position, queue->leader_epoch());
    }
    if (input.next > before) {
        advanced(input, count);
    }
    return count > 0;
}

void GlobalThread::passed(GlobalInput& input, Offset next, std::int32_t epoch) {
    input.next = next;
    input.epoch = epoch;
    commits_.moved();
}

/// Reports progress; readers may read when the first reading of all partitions is complete.
void GlobalThread::advanced(GlobalInput& input, std::size_t records) {
    if (first_reading_.advanced(input, records, store_of(input)) && caught_up()) {
        views_.gate()->completed();
    }
}

/// Processes the current messages in small groups, between which readers get the lock.
void GlobalThread::update(GlobalInput& input) {
    const Timestamp now = parts_.clock->now();
    for (std::size_t done = 0; done < messages_.size();) {
        const std::size_t end = std::min(messages_.size(), done + kRecordsAtOnce);
        {
            const GlobalStoresGate::Writing writing(*views_.gate());
            torn_ = true;
            for (; done < end; ++done) {
                task_.update(input.topic, input.partition.partition, messages_[done], now);
            }
            MILLRACE_FAIL_POINT("global.records_applied");
            torn_ = false;
            const kafka::Message& last = messages_[done - 1];
            passed(input, last.offset() + 1, last.leader_epoch());
            if (task_.stores().uncommitted_bytes() > kUncommittedBytes) {
                commits_.save();
            }
        }
        views_.gate()->give_way();
    }
}

/// Before start() returns, the store is rebuilt at once. After that tasks would read an empty
/// store: the next start rebuilds it.
void GlobalThread::lost_records(const TopicPartition& partition, const std::string& why) {
    for (const GlobalInput& input : inputs_) {
        if (input.partition == partition) {
            commits_.distrust(input.topic);
            const std::string what = " for the global store " + store_of(input) + ": partition " +
                                     to_string(partition) + ": " + why;
            if (views_.gate()->complete()) {
                failure_ = "records were deleted before they were read" + what +
                           "; the next start reads the topic from its beginning";
            } else {
                log::warn("reading a topic from its beginning" + what);
            }
        }
    }
}

/// Looks up all start positions again. Trusted stores resume at their own.
void GlobalThread::start_again() {
    commits_.commit();
    const kafka::Status status = consumer_->unassign(partitions_of(inputs_));
    if (!status.ok()) {
        throw KafkaError("cannot stop reading the topics of global stores: " + status.message());
    }
    inputs_.clear();
    prepared_ = false;
}

void GlobalThread::close() {
    if (std::exchange(closed_, true)) {
        return;
    }
    const auto attempt = [](const auto& step) {
        try {
            step();
        } catch (const std::exception& error) {
            log::warn(std::string("global stores were not closed cleanly: ") + error.what());
        }
    };
    GlobalStoresGate::Writing writing(*views_.gate());
    writing.close_stores();
    attempt([this] {
        if (prepared_ && !torn_ && !damaged_) {
            commits_.save();
        }
    });
    attempt([this] {
        MILLRACE_FAIL_POINT("global.saved");
        task_.close();
    });
    attempt([this] {
        if (damaged_) {
            task_.stores().wipe();
        }
    });
    messages_.clear();
}

void GlobalThread::on_partition_error(const TopicPartition& partition,
                                      const kafka::Status& status) {
    if (status.code() == kafka::ErrorCode::kOffsetOutOfRange) {
        lost_records(partition, status.message());
    } else {
        log_.warn("cannot read partition " + to_string(partition) + ": " + status.message());
    }
}

void GlobalThread::on_error(const kafka::Status& status) {
    if (status.fatal()) {
        failure_ = "global consumer: " + status.message();
    } else {
        log_.warn("global consumer: " + status.message());
    }
}

}  // namespace millrace::runtime
