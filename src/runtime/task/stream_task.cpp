// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/stream_task.hpp"

#include "core/check.hpp"
#include "core/exception_text.hpp"
#include "core/fail_point.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/stream_task_skipped_records.hpp"
#include "runtime/task/task_errors.hpp"
#include "topology/task_topology.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace millrace::runtime {

StreamTask::StreamTask(Parts parts)
    : id_(parts.id),
      application_(parts.application),
      part_(parts.part),
      inputs_(std::move(parts.inputs)),
      settings_(std::move(parts.settings)),
      collector_(parts.collector),
      global_store_(std::move(parts.global_store)),
      stores_(std::move(parts.stores)),
      group_(settings_->max_idle),
      committed_(inputs_.size()),
      committing_(inputs_.size()),
      dropped_records_("task " + to_string(id_), std::move(parts.dropped)) {
    MILLRACE_CHECK(application_ != nullptr && part_ != nullptr);
    MILLRACE_CHECK(collector_ != nullptr && stores_ != nullptr);
    make_backups();
    make_nodes();
    stores_->set_context(*this);
}

StreamTask::~StreamTask() {
    try {
        close_dirty();
    } catch (...) {
        // Only the stores could still report errors, and they are closed.
    }
}

void StreamTask::make_nodes() {
    nodes_ = std::make_unique<topology::TaskTopology>(
        topology::make_task_topology(*application_->spec, part_->nodes, to_string(id_)));
    for (const TopicPartition& input : inputs_) {
        make_queue(input);
    }
}

void StreamTask::make_queue(const TopicPartition& input) {
    const std::string prefix = settings_->application_id + "-";
    const bool internal = part_->repartition_source_topics.contains(input.topic);
    const topology::TaskTopology::Source* source =
        nodes_->source_of(internal ? input.topic.substr(prefix.size()) : input.topic);
    MILLRACE_CHECK(source != nullptr);
    skipped_records_.push_back(std::make_unique<SkippedRecords>(*this, *source->node));
    auto queue = std::make_unique<RecordQueue>(input, source->inputs->make_input(),
                                               *skipped_records_.back());
    queue->set_topic(stores_->topic_name(input.topic));
    group_.add(std::move(queue));
}

std::size_t StreamTask::add_input(const TopicPartition& input) {
    make_queue(input);  // May throw.
    inputs_.push_back(input);
    committed_.emplace_back();
    committing_.emplace_back();
    return inputs_.size() - 1;
}

void StreamTask::make_backups() {
    backups_.resize(part_->stores.size());
    changelogs_ = changelogs_of(*application_, *part_, id_);
    for (const StoreChangelog& changelog : changelogs_) {
        Backup& backup = backups_[changelog.store];
        if (changelog.source_topic) {
            const auto input = std::find(inputs_.begin(), inputs_.end(), changelog.partition);
            MILLRACE_CHECK(input != inputs_.end());
            backup.input = static_cast<std::size_t>(input - inputs_.begin());
        } else {
            backup.topic = collector_->topic(changelog.partition.topic);
            backup.logged = true;
        }
    }
}

void StreamTask::start_restoring() {
    transition(state_, TaskState::kRestoring);
}

void StreamTask::complete_restoration(std::span<const kafka::CommittedOffset> committed,
                                      Timestamp now) {
    MILLRACE_CHECK(committed.size() == inputs_.size());
    transition(state_, TaskState::kRunning);
    wall_clock_ = now;
    for (std::size_t input = 0; input < inputs_.size(); ++input) {
        committed_[input] = committed[input].offset;
        const OffsetMetadata metadata = decode_offset_metadata(committed[input].metadata);
        group_.queue(input).set_partition_time(metadata.partition_time);
        stream_time_ = std::max(stream_time_, metadata.partition_time);
        // Every input has all processor times; they differ after a partial commit.
        for (const auto& [store, time] : metadata.processor_times) {
            Timestamp& known = processor_times_.try_emplace(store, time).first->second;
            known = std::max(known, time);
        }
    }
    for (const auto& node : nodes_->nodes()) {
        ++nodes_open_;
        init_node(*node);
    }
    MILLRACE_FAIL_POINT("open.running");
}

void StreamTask::init_node(detail::Node& node) {
    try {
        node.init(*this);
    } catch (const RestartFromCommit&) {
        throw;
    } catch (const Error&) {
        throw;
    } catch (...) {
        throw ProcessingError("cannot initialise node " + node.name() + ", task " + to_string(id_) +
                              ": " + exception_text());
    }
}

void StreamTask::close_node(detail::Node& node) const {
    try {
        node.close();
    } catch (const RestartFromCommit&) {
        throw;
    } catch (const Error&) {
        throw;
    } catch (...) {
        throw ProcessingError("cannot close node " + node.name() + ", task " + to_string(id_) +
                              ": " + exception_text());
    }
}

void StreamTask::attach(std::size_t input, kafka::PartitionQueue& queue) {
    group_.set_source(input, &queue);
}

std::size_t StreamTask::fetch() {
    return group_.fetch(settings_->buffered_records);
}

bool StreamTask::caught_up() const {
    for (std::size_t input = 0; input < inputs_.size(); ++input) {
        const kafka::PartitionQueue* source = group_.source(input);
        if (!group_.queue(input).empty() || source == nullptr || source->lag() != 0) {
            return false;
        }
    }
    return true;
}

std::size_t StreamTask::process(std::size_t max, Timestamp now) {
    MILLRACE_CHECK(state_ == TaskState::kRunning);
    wall_clock_ = now;
    std::size_t processed = 0;
    while (processed < max && group_.ready(now)) {
        changed_ = true;
        MILLRACE_FAIL_POINT("process.record");
        process_head();
        MILLRACE_FAIL_POINT("process.processed");
        ++processed;
    }
    record_ = {};
    return processed;
}

// The rows for a record are in the processor's cache when it is processed.
void StreamTask::expect_records(const RecordQueue& queue) const {
    constexpr std::size_t kAhead = 2;
    if (!stores_->prefetches()) {
        return;
    }
    const kafka::Message* message = queue.behind_head(kAhead);
    if (message != nullptr && message->key()) {
        stores_->prefetch(*message->key());
    }
}

void StreamTask::process_head() {
    RecordQueue& queue = group_.front();
    if (!queue.head_is_placeholder()) {
        const Timestamp time = queue.head_time();
        const kafka::Message& message = queue.head();
        stream_time_ = std::max(stream_time_, time);
        record_.timestamp = time;
        record_.offset = message.offset();
        record_.partition = queue.partition().partition;
        record_.topic = &queue.topic();
        record_.headers = &queue.head_headers();
        record_.source = &message.record();
        expect_records(queue);
        queue.source().process(time, queue.head_headers());
    }
    group_.pop();
}

bool StreamTask::punctuate(Timestamp now) {
    const bool stream_time = punctuate_stream_time(now);
    return punctuate_wall_clock(now) || stream_time;
}

bool StreamTask::punctuate_stream_time(Timestamp now) {
    wall_clock_ = now;
    return stream_time_ != kNoTimestamp && run(stream_time_punctuations_, stream_time_);
}

bool StreamTask::punctuate_wall_clock(Timestamp now) {
    wall_clock_ = now;
    return run(wall_clock_punctuations_, now);
}

bool StreamTask::run(PunctuationQueue& queue, Timestamp time) {
    if (queue.next().value_or(Timestamp::max()) > time) {
        return false;
    }
    MILLRACE_CHECK(state_ == TaskState::kRunning);
    const bool any = queue.run(time, [&](const Punctuation& punctuation) {
        record_ = {.timestamp = time, .headers = &no_headers_};
        try {
            punctuation.punctuator(time);
        } catch (...) {
            processing_failed(*punctuation.node);
        }
    });
    record_ = {};
    changed_ |= any;
    return any;
}

void StreamTask::suspend() {
    if (state_ == TaskState::kSuspended || state_ == TaskState::kClosed) {
        return;
    }
    transition(state_, TaskState::kSuspended);
    group_.clear();
    stream_time_punctuations_.clear();
    wall_clock_punctuations_.clear();
    close_nodes();
    MILLRACE_FAIL_POINT("close.suspended");
}

void StreamTask::close_nodes() {
    std::exception_ptr first;
    const auto& nodes = nodes_->nodes();
    const std::size_t open = std::exchange(nodes_open_, 0);
    for (std::size_t i = 0; i < open; ++i) {
        try {
            close_node(*nodes[i]);
        } catch (...) {
            first = first ? first : std::current_exception();
        }
    }
    if (first) {
        std::rethrow_exception(first);
    }
}

void StreamTask::close_clean() {
    if (state_ == TaskState::kClosed) {
        return;
    }
    transition(state_, TaskState::kClosed);
    stores_->close();
}

void StreamTask::close_dirty() {
    if (state_ == TaskState::kClosed) {
        return;
    }
    drop_uncommitted();
    stores_->close();
}

std::unique_ptr<state::TaskStores> StreamTask::close_dirty_releasing_stores() {
    if (state_ == TaskState::kClosed || !stores_->rolls_back()) {
        close_dirty();
        return nullptr;
    }
    drop_uncommitted();
    stores_->stop_processing();
    return std::move(stores_);
}

std::unique_ptr<state::TaskStores> StreamTask::close_keeping_stores() {
    if (state_ != TaskState::kRunning) {
        close_dirty();
        return nullptr;
    }
    return close_dirty_releasing_stores();
}

std::unique_ptr<state::TaskStores> StreamTask::close_releasing_stores() {
    if (!stores_->rolls_back()) {
        close_clean();
        return nullptr;
    }
    transition(state_, TaskState::kClosed);
    stores_->roll_back();  // Nodes may have written when they were closed.
    stores_->stop_processing();
    return std::move(stores_);
}

void StreamTask::drop_uncommitted() {
    try {
        suspend();
    } catch (const std::exception& error) {
        // The task has already failed; other errors of its nodes must not hide that.
        dropped_records_.add("task", error.what(), wall_clock_);
    }
    transition(state_, TaskState::kClosed);
    stores_->roll_back();
    MILLRACE_FAIL_POINT("close.rolled_back");
}

}  // namespace millrace::runtime
