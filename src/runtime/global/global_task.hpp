// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/message.hpp"
#include "metrics/registry.hpp"
#include "millrace/core/error.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/nodes/task_context.hpp"
#include "runtime/task/dropped_records.hpp"
#include "runtime/task/task_settings.hpp"
#include "state/task/task_stores.hpp"
#include "topology/sub_topologies.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::topology {
class TaskTopology;
}

namespace millrace::runtime {

/// Keeps the global stores of one client up to date: sends every record of all partitions of their
/// topics through the processor that fills the store. Produces nothing and commits no group
/// offsets.
///
/// Threads: owned by the global thread. Errors: update throws ProcessingError, StateError and
/// InternalError; these end the global thread.
class GlobalTask final : public detail::TaskContext, private state::StoreContext {
  public:
    /// `stores` has the specs of TopologySpec::global_stores, in that order, and is not processing.
    /// `dropped` counts skipped records; may be null.
    GlobalTask(const topology::ApplicationTopology& application,
               std::unique_ptr<state::TaskStores> stores,
               std::shared_ptr<const TaskSettings> settings,
               std::shared_ptr<metrics::Counter> dropped = nullptr);
    ~GlobalTask() override;

    /// Topics to read, in the order of the global stores.
    const std::vector<std::string>& topics() const noexcept { return topics_; }

    state::TaskStores& stores() noexcept { return *stores_; }

    /// Initialises the nodes. Call it once, before update.
    void start(Timestamp now);

    /// Processes a record of the topic with index `topic`.
    void update(std::size_t topic, Partition partition, const kafka::Message& message,
                Timestamp now);

    std::uint64_t dropped_records() const noexcept { return dropped_records_.count(); }

    /// Closes nodes and stores. Idempotent.
    void close();

    // TaskContext
    const std::string& application_id() const override { return settings_->application_id; }
    TaskId task_id() const override { return {-1, -1}; }
    std::string setting(std::string_view name) const override { return settings_->setting(name); }
    detail::RecordCollector& collector() override;
    StateStore& store(const detail::Node& node, const std::string& name) override;
    Cancellable schedule(const detail::Node& node, const PunctuationSchedule& schedule,
                         Punctuator punctuator) override;
    void request_commit() override {}
    void dropped(const detail::Node& node, std::string_view reason) override;
    void processing_failed(const detail::Node& node) override;
    void serialization_failed(const detail::Node& node, const std::string& topic) override;
    Timestamp processor_time(const std::string&) const override { return kNoTimestamp; }
    void set_processor_time(const std::string&, Timestamp) override {}

  private:
    struct Input;

    const detail::RecordContext& record() const override { return record_; }
    void log_change(std::size_t, BytesView, const NullableBytes&, std::optional<Timestamp>,
                    const Headers*) override {}
    void dropped_expired(const std::string& store) override;

    void handle(const ErrorContext& context, const SerdeError& error);
    [[noreturn]] void cannot_process(const detail::Node& node) const;  // In a catch block.
    bool decode(Input& input, const std::string& topic, Partition partition,
                const kafka::Message& message);

    const detail::TopologySpec* spec_;
    std::shared_ptr<const TaskSettings> settings_;
    std::unique_ptr<state::TaskStores> stores_;
    std::unique_ptr<topology::TaskTopology> nodes_;
    std::vector<std::string> topics_;
    std::vector<Input> inputs_;  // By topic.
    DroppedRecords dropped_records_;
    bool dead_letter_logged_ = false;
    bool open_ = false;
};

}  // namespace millrace::runtime
