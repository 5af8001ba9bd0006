// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "kafka/consumer.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/serde/primitives.hpp"
#include "runtime/commit/producer_collector.hpp"
#include "runtime/task/stream_task.hpp"
#include "state/budget/cache_budget.hpp"
#include "state/budget/memory_budget.hpp"
#include "support/null_clients.hpp"
#include "support/temporary_directory.hpp"
#include "topology/sub_topologies.hpp"

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace millrace::support {

/// For messages that live as long as their queue.
class NobodysMessages final : public kafka::MessageOwner {
  public:
    void release(const void*) const noexcept override {}
    void read_headers(const void*, std::vector<Header>&) const override {}
};

/// An endless sequence of records, repeated with new offsets and later times: keys are 8 big-endian
/// bytes, uniformly distributed. Nothing is allocated while records are read.
class EndlessRecords final : public kafka::PartitionQueue {
  public:
    EndlessRecords(std::int64_t keys, std::size_t value_size, std::int64_t per_millisecond)
        : value_(value_size, 'v'), per_millisecond_(per_millisecond) {
        std::mt19937_64 random(1);
        for (std::size_t i = 0; i < kDistinct; ++i) {
            detail::append_big_endian(static_cast<std::int64_t>(random()) & (keys - 1), keys_);
        }
    }

    std::size_t read(std::vector<kafka::Message>& out, std::size_t max) override {
        for (std::size_t i = 0; i < max; ++i, ++offset_) {
            const auto at = static_cast<std::size_t>(offset_) % kDistinct;
            out.emplace_back(owner_, this, BytesView(keys_).substr(8 * at, 8), BytesView(value_),
                             timestamp_of(millisecond_), offset_, 0);
            if (++in_millisecond_ == per_millisecond_) {  // Without an expensive division.
                in_millisecond_ = 0;
                ++millisecond_;
            }
        }
        return max;
    }
    std::optional<Offset> position() const override { return offset_; }
    std::optional<std::int64_t> lag() const override { return 1; }

  private:
    static constexpr std::size_t kDistinct = 1 << 18;

    NobodysMessages owner_;
    Bytes keys_;
    Bytes value_;
    std::int64_t per_millisecond_;
    std::int64_t in_millisecond_ = 0;
    std::int64_t millisecond_ = 0;
    Offset offset_ = 0;
};

/// Each key once, at time 0, and no more after that: the rows of a table.
class KeysOnce final : public kafka::PartitionQueue {
  public:
    KeysOnce(std::int64_t keys, std::size_t value_size) : value_(value_size, 'v') {
        for (std::int64_t key = 0; key < keys; ++key) {
            detail::append_big_endian(key, keys_);
        }
    }

    std::size_t read(std::vector<kafka::Message>& out, std::size_t max) override {
        std::size_t given = 0;
        for (; given < max && lag() != 0; ++given, ++offset_) {
            const auto at = static_cast<std::size_t>(offset_);
            out.emplace_back(owner_, this, BytesView(keys_).substr(8 * at, 8), BytesView(value_),
                             timestamp_of(0), offset_, 0);
        }
        return given;
    }
    std::optional<Offset> position() const override { return offset_; }
    std::optional<std::int64_t> lag() const override {
        return static_cast<std::int64_t>(keys_.size() / 8) - offset_;
    }

  private:
    NobodysMessages owner_;
    Bytes keys_;
    Bytes value_;
    Offset offset_ = 0;
};

/// One task of a topology that reads "in", and possibly other topics, as a stream thread runs it:
/// task, stores on disk, record cache and collector are real; messages are generated and discarded.
class RunningTask {
  public:
    struct Options {
        std::int64_t keys = 1 << 13;  ///< A power of two.
        std::size_t value_size = 8;
        std::size_t cache_bytes = 10 << 20;
        std::int64_t per_millisecond = 100;  ///< Stream records with their own times.
        std::string stream{};                ///< A second topic like "in".
        std::string table{};                 ///< A topic that holds each key once.
    };

    RunningTask(Topology topology, Options options)
        : topology_(std::move(topology)),
          application_(topology::split(topology_.spec(), "app")),
          records_(options.keys, options.value_size, options.per_millisecond),
          others_(options.keys, options.value_size, options.per_millisecond),
          rows_(options.table.empty() ? 0 : options.keys, options.value_size),
          cache_(options.cache_bytes),
          settings_(std::make_shared<runtime::TaskSettings>()),
          collector_({.supplier = clients_, .settings = settings_, .clock = &system_clock()}) {
        const topology::SubTopology& part = application_.sub_topologies.at(0);
        state::TaskStores::Options stores{
            .directory = folder_.path() / "0_0", .name = "0_0", .specs = {}};
        for (const std::size_t store : part.stores) {
            stores.specs.push_back(topology_.spec().stores[store]);
        }
        const std::size_t count = stores.specs.size();
        std::vector<TopicPartition> inputs{{"in", 0}};
        std::vector<kafka::PartitionQueue*> queues{&records_};
        if (!options.stream.empty()) {
            inputs.push_back({options.stream, 0});
            queues.push_back(&others_);
        }
        if (!options.table.empty()) {
            inputs.push_back({options.table, 0});
            queues.push_back(&rows_);
        }
        task_ = std::make_unique<runtime::StreamTask>(runtime::StreamTask::Parts{
            .id = {0, 0},
            .application = &application_,
            .part = &part,
            .inputs = inputs,
            .stores = std::make_unique<state::TaskStores>(std::move(stores), memory_),
            .collector = &collector_,
            .settings = settings_});
        task_->start_restoring();
        for (std::size_t store = 0; store < count; ++store) {
            task_->stores().finish_restore(store, std::nullopt);
        }
        task_->stores().set_cache(cache_);
        const std::vector<kafka::CommittedOffset> committed(queues.size());
        task_->complete_restoration(committed, kNow);
        for (std::size_t input = 0; input < queues.size(); ++input) {
            task_->attach(input, *queues[input]);
        }
    }

    /// Processes that many records, in rounds of a thousand, as a stream thread does.
    void run(std::int64_t records) {
        while (records > 0) {
            task_->fetch();
            records -= static_cast<std::int64_t>(task_->process(
                static_cast<std::size_t>(std::min<std::int64_t>(records, 1000)), kNow));
        }
    }

    void commit() {
        offsets_.clear();
        task_->prepare_commit(offsets_);
        task_->post_commit();
    }

    std::uint64_t sent() const noexcept { return clients_->sent(); }

  private:
    static constexpr Timestamp kNow = timestamp_of(1'000'000);

    ::millrace::testing::TemporaryDirectory folder_;
    Topology topology_;
    topology::ApplicationTopology application_;
    EndlessRecords records_;
    EndlessRecords others_;
    KeysOnce rows_;
    state::MemoryBudget memory_{state::MemoryBudget::Limits{}};
    state::CacheBudget cache_;
    std::shared_ptr<NullClients> clients_ = std::make_shared<NullClients>();
    std::shared_ptr<runtime::TaskSettings> settings_;
    runtime::ProducerCollector collector_;
    std::unique_ptr<runtime::StreamTask> task_;
    std::vector<kafka::OffsetCommit> offsets_;
};

}  // namespace millrace::support
