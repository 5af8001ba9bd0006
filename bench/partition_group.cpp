// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/partition_group.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::runtime {
namespace {

/// Produces an endless sequence of messages whose times interleave with those of the other
/// partitions.
class EndlessQueue final : public kafka::PartitionQueue {
  public:
    EndlessQueue(std::int64_t partition, std::int64_t partitions)
        : partition_(partition), partitions_(partitions) {}

    std::size_t read(std::vector<kafka::Message>& out, std::size_t max) override {
        for (std::size_t i = 0; i < max; ++i, ++offset_) {
            const Timestamp time{std::chrono::milliseconds(offset_ * partitions_ + partition_)};
            out.emplace_back(owner_, nullptr, BytesView("key"), BytesView("value"), time, offset_,
                             0);
        }
        return max;
    }

    std::optional<Offset> position() const override { return offset_; }
    std::optional<std::int64_t> lag() const override { return 1; }

  private:
    class NoHeaders final : public kafka::MessageOwner {
      public:
        void release(const void*) const noexcept override {}
        void read_headers(const void*, std::vector<Header>&) const override {}
    };

    NoHeaders owner_;
    std::int64_t partition_;
    std::int64_t partitions_;
    Offset offset_ = 0;
};

class TimestampOnly final : public millrace::detail::SourceInput {
  public:
    Timestamp decode(const millrace::detail::SourceRecord& record, Timestamp) override {
        return record.timestamp();
    }
    void process(Timestamp, const Headers&) override {}
};

class NoBadRecords final : public BadRecordListener {
  public:
    void on_unreadable(const millrace::detail::SourceRecord&) override { throw; }
    void on_negative_time(const millrace::detail::SourceRecord&, Timestamp) override {}
};

/// Selects the next record of a task among its partitions; one item is one record.
void TakeInOrderOfTime(benchmark::State& state) {
    const auto partitions = state.range(0);
    NoBadRecords listener;
    std::vector<std::unique_ptr<EndlessQueue>> queues;
    PartitionGroup group(std::chrono::milliseconds(0));
    for (std::int64_t i = 0; i < partitions; ++i) {
        const std::size_t input = group.add(
            std::make_unique<RecordQueue>(TopicPartition{"topic", static_cast<Partition>(i)},
                                          std::make_unique<TimestampOnly>(), listener));
        queues.push_back(std::make_unique<EndlessQueue>(i, partitions));
        group.set_source(input, queues.back().get());
    }

    for (auto _ : state) {
        if (group.size() < static_cast<std::size_t>(partitions) * 10) {
            group.fetch(1000);
        }
        benchmark::DoNotOptimize(group.front().head().offset());
        group.pop();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(TakeInOrderOfTime)->Arg(1)->Arg(2)->Arg(8)->Arg(64);

}  // namespace
}  // namespace millrace::runtime
