// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_thread.hpp"

#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "state/format/state_corrupted.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

namespace {

constexpr std::size_t kBatchRecords = 4096;

/// Limits how long readers of the stores may have to wait: in records, and in written bytes.
constexpr std::size_t kRecordsAtOnce = 64;
constexpr std::size_t kUncommittedBytes = 1 << 20;

constexpr std::chrono::seconds kBetweenCommits{10};

}  // namespace

GlobalThread::GlobalThread(Parts parts)
    : parts_(std::move(parts)),
      removal_age_(*parts_.admin, *parts_.clock, parts_.request_timeout),
      task_(*parts_.application, std::move(parts_.stores), parts_.settings,
            std::move(parts_.dropped)),
      views_(task_.stores(), parts_.application->spec->global_stores),
      log_(*parts_.clock),
      consumer_(parts_.supplier->make_consumer(parts_.consumer_settings, nullptr)) {}

GlobalThread::~GlobalThread() {
    close();
}

const std::string& GlobalThread::store_of(const Input& input) const {
    return parts_.application->spec->global_stores[input.topic].store.name;
}

/// Reports the progress of the first reading of a partition.
void GlobalThread::got_on(Input& input, std::size_t records) {
    if (input.complete) {
        return;
    }
    ++progress_;
    input.records += static_cast<std::int64_t>(records);
    if (records > 0 && listener_.on_batch_restored) {
        listener_.on_batch_restored(input.partition, store_of(input), input.next - 1,
                                    static_cast<std::int64_t>(records));
    }
    if (input.next < input.end) {
        return;
    }
    input.complete = true;
    if (listener_.on_restore_end) {
        listener_.on_restore_end(input.partition, store_of(input), input.records);
    }
    if (caught_up()) {
        views_.gate()->completed();
    }
}

bool GlobalThread::caught_up() {
    return prepared_ && std::all_of(inputs_.begin(), inputs_.end(),
                                    [](const Input& input) { return input.next >= input.end; });
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
    for (Input& input : inputs_) {
        any = read(input) || any;
    }
    if (parts_.clock->monotonic() - last_commit_ >= kBetweenCommits) {
        keep();
    }
    consumer_->poll(any ? std::chrono::milliseconds{0} : parts_.poll);
    if (!failure_.empty()) {
        throw KafkaError(failure_);
    }
    if (!untrusted_.empty()) {
        start_again();
    }
}

bool GlobalThread::read(Input& input) {
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
        got_on(input, count);
    }
    return count > 0;
}

void GlobalThread::passed(Input& input, Offset next, std::int32_t epoch) {
    input.next = next;
    input.epoch = epoch;
    dirty_ = true;
}

/// Processes the current messages in small groups, between which readers get the lock.
void GlobalThread::update(Input& input) {
    const Timestamp now = parts_.clock->now();
    for (std::size_t done = 0; done < messages_.size();) {
        const std::size_t end = std::min(messages_.size(), done + kRecordsAtOnce);
        {
            const GlobalStoresGate::Writing writing(*views_.gate());
            torn_ = true;
            for (; done < end; ++done) {
                task_.update(input.topic, input.partition.partition, messages_[done], now);
            }
            torn_ = false;
            const kafka::Message& last = messages_[done - 1];
            passed(input, last.offset() + 1, last.leader_epoch());
            if (task_.stores().uncommitted_bytes() > kUncommittedBytes) {
                save();
            }
        }
        views_.gate()->give_way();
    }
}

/// Stores whose topics may have records that were not processed yet.
std::vector<std::size_t> GlobalThread::behind() {
    std::set<std::size_t> stores;
    for (const Input& input : inputs_) {
        const kafka::PartitionQueue* queue = consumer_->queue(input.partition);
        if (queue == nullptr || queue->lag() != 0 || queue->position() != input.next) {
            stores.insert(input.topic);
        }
    }
    return {stores.begin(), stores.end()};
}

/// Commits the stores with their positions. Requires the gate.
void GlobalThread::save() {
    std::vector<state::TopicPositions> positions(task_.topics().size());
    for (const Input& input : inputs_) {
        if (!untrusted_.contains(input.topic)) {
            positions[input.topic].push_back({input.next, input.epoch});
        }
    }
    task_.stores().flush_caches();
    task_.stores().commit_positions(positions, behind());
}

void GlobalThread::commit() {
    const GlobalStoresGate::Writing writing(*views_.gate());
    save();
    dirty_ = false;
    last_commit_ = parts_.clock->monotonic();
}

/// Brings the state on disk up to date, also if no records arrive.
void GlobalThread::keep() {
    if (dirty_) {
        commit();
        return;
    }
    const GlobalStoresGate::Writing writing(*views_.gate());
    task_.stores().keep_current(behind());
    last_commit_ = parts_.clock->monotonic();
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
            save();
        }
    });
    attempt([this] { task_.close(); });
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
