// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/detail/state/store_hooks.hpp"
#include "state/budget/cache_budget.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "support/temporary_directory.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace millrace::state {
namespace {

constexpr std::int64_t kCommitEvery = 100'000;
constexpr std::size_t kCacheBytes = 10 << 20;

/// Counts logged records, instead of a producer.
class CountingContext final : public StoreContext {
  public:
    const detail::RecordContext& record() const override { return at_hand; }
    void log_change(std::size_t, BytesView key, const NullableBytes& value,
                    std::optional<Timestamp>, const Headers*) override {
        bytes += key.size() + (value ? value->size() : 0);
    }
    void dropped_expired(const std::string&) override {}

    detail::RecordContext at_hand;
    std::size_t bytes = 0;
};

/// Discards flushed rows.
class Sink final : public detail::FlushListener {
  public:
    void on_flush(BytesView key, const NullableBytes&, const NullableBytes&,
                  const detail::RecordContext&) override {
        benchmark::DoNotOptimize(key.data());
    }
};

/// One task with one store.
class Task {
  public:
    explicit Task(detail::StoreSpec spec, std::size_t cache_bytes = kCacheBytes)
        : cache_(cache_bytes) {
        spec.name = "store";
        TaskStores::Options options;
        options.directory = folder_.path() / "0_0";
        options.name = "0_0";
        options.specs = {std::move(spec)};
        stores_ = std::make_unique<TaskStores>(std::move(options), memory_);
        stores_->set_context(context_);
        stores_->set_cache(cache_);
        context_.at_hand.topic = &topic_;
    }

    KeyValueBytesStore& key_value() {
        auto& store = dynamic_cast<KeyValueBytesStore&>(*stores_->store("store"));
        detail::set_flush_listener(store, &sink_, true);
        return store;
    }
    WindowBytesStore& window() {
        auto& store = dynamic_cast<WindowBytesStore&>(*stores_->store("store"));
        detail::set_flush_listener(store, &sink_, true);
        return store;
    }

    TaskStores& stores() { return *stores_; }

    void commit() {
        stores_->flush_caches();
        const std::optional<Offset> offset = ++offset_;
        stores_->commit(std::span(&offset, 1));
    }

    void commit_now_and_then() {
        if (++records_ % kCommitEvery == 0) {
            commit();
        }
        context_.at_hand.offset = records_;
    }

  private:
    ::millrace::testing::TemporaryDirectory folder_;
    MemoryBudget memory_{MemoryBudget::Limits{}};
    CacheBudget cache_;
    CountingContext context_;
    Sink sink_;
    std::string topic_ = "payments";
    std::unique_ptr<TaskStores> stores_;
    std::int64_t records_ = 0;
    Offset offset_ = 0;
};

detail::StoreSpec key_value_spec(StoreEngine engine, bool caching) {
    detail::StoreSpec spec;
    spec.kind = detail::StoreKind::kTimestampedKeyValue;
    spec.engine = engine;
    spec.caching = caching;
    return spec;
}

/// Keys in random order, 8 bytes each, created in advance.
class Keys {
  public:
    explicit Keys(std::size_t count) : keys_(1 << 20) {
        std::mt19937_64 random(1);
        for (std::uint64_t& key : keys_) {
            key = __builtin_bswap64(random() % count);
        }
    }
    BytesView next() {
        at_ = (at_ + 1) & (keys_.size() - 1);
        return {reinterpret_cast<const char*>(&keys_[at_]), sizeof keys_[at_]};
    }

  private:
    std::vector<std::uint64_t> keys_;
    std::size_t at_ = 0;
};

/// A timestamp and a count, as `count` stores them.
struct Counted {
    char bytes[16] = {};
    void increment(const NullableBytes& before) {
        std::uint64_t count = 0;
        if (before) {
            std::memcpy(&count, before->data() + 8, sizeof count);
        }
        ++count;
        std::memcpy(bytes + 8, &count, sizeof count);
    }
    BytesView view() const { return {bytes, sizeof bytes}; }
};

void count(benchmark::State& state, StoreEngine engine, bool caching) {
    Task task(key_value_spec(engine, caching));
    KeyValueBytesStore& store = task.key_value();
    Keys keys(static_cast<std::size_t>(state.range(0)));
    Counted counted;
    for (auto step : state) {
        const BytesView key = keys.next();
        counted.increment(store.get(key));
        store.put(key, counted.view());
        task.commit_now_and_then();
    }
    state.SetItemsProcessed(state.iterations());
}

/// get and put per record, 10 MB of cache, a commit every 100,000 records.
void CountCached(benchmark::State& state) {
    count(state, StoreEngine::kRocksDb, true);
}
BENCHMARK(CountCached)->Arg(10000)->Arg(100'000)->Arg(1'000'000);

void CountUncached(benchmark::State& state) {
    count(state, StoreEngine::kRocksDb, false);
}
BENCHMARK(CountUncached)->Arg(10'000)->Arg(100'000)->Arg(1'000'000);

void CountUncachedInMemory(benchmark::State& state) {
    count(state, StoreEngine::kInMemory, false);
}
BENCHMARK(CountUncachedInMemory)->Arg(10'000)->Arg(100'000);

void GetCached(benchmark::State& state) {
    Task task(key_value_spec(StoreEngine::kRocksDb, true));
    KeyValueBytesStore& store = task.key_value();
    Keys keys(static_cast<std::size_t>(state.range(0)));
    const Counted counted;
    for (int at = 0; at < 1 << 20; ++at) {
        store.put(keys.next(), counted.view());
    }
    for (auto step : state) {
        benchmark::DoNotOptimize(store.get(keys.next()));
    }
}
BENCHMARK(GetCached)->Arg(10'000);

void PutCached(benchmark::State& state) {
    Task task(key_value_spec(StoreEngine::kRocksDb, true));
    KeyValueBytesStore& store = task.key_value();
    Keys keys(static_cast<std::size_t>(state.range(0)));
    const Counted counted;
    for (auto step : state) {
        store.put(keys.next(), counted.view());
    }
}
BENCHMARK(PutCached)->Arg(10'000);

/// Reads of the engine: every key exists, and none is in memory above RocksDB.
void GetFromEngine(benchmark::State& state) {
    Task task(key_value_spec(StoreEngine::kRocksDb, false), 0);
    KeyValueBytesStore& store = task.key_value();
    Keys keys(static_cast<std::size_t>(state.range(0)));
    const Counted counted;
    for (int at = 0; at < 1 << 20; ++at) {
        store.put(keys.next(), counted.view());
    }
    task.commit();
    for (auto step : state) {
        benchmark::DoNotOptimize(store.get(keys.next()));
    }
}
BENCHMARK(GetFromEngine)->Arg(100'000);

/// A count in tumbling windows of 10 s; 1,000 records per second.
void CountWindowed(benchmark::State& state) {
    detail::StoreSpec spec;
    spec.kind = detail::StoreKind::kTimestampedWindow;
    spec.caching = state.range(1) != 0;
    spec.retention = std::chrono::hours(1);
    spec.window_size = std::chrono::seconds(10);
    Task task(spec);
    WindowBytesStore& store = task.window();
    Keys keys(static_cast<std::size_t>(state.range(0)));
    Counted counted;
    std::int64_t time = 0;
    for (auto step : state) {
        const Timestamp start = timestamp_of(++time / 10'000 * 10'000);
        const BytesView key = keys.next();
        counted.increment(store.fetch(key, start));
        store.put(key, start, counted.view());
        task.commit_now_and_then();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(CountWindowed)->ArgsProduct({{10'000}, {0, 1}});

/// The work of one side of a stream-stream join with windows of one second for a record: store it,
/// and search for records of the same key.
void JoinBuffer(benchmark::State& state) {
    detail::StoreSpec spec;
    spec.kind = detail::StoreKind::kWindow;
    spec.retain_duplicates = true;
    spec.retention = std::chrono::seconds(62);
    spec.window_size = std::chrono::seconds(2);
    Task task(spec);
    WindowBytesStore& store = task.window();
    Keys keys(static_cast<std::size_t>(state.range(0)));
    const std::string value(100, 'v');
    std::int64_t records = 0;
    for (auto step : state) {
        const Timestamp time = timestamp_of(++records / 100);
        const BytesView key = keys.next();
        store.put(key, time, BytesView(value));
        for (auto row = store.fetch(key, time - std::chrono::seconds(1), time, RowOrder::kForward);
             row->valid(); row->next()) {
            benchmark::DoNotOptimize(row->value().data());
        }
        task.commit_now_and_then();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(JoinBuffer)->Arg(100'000);

/// A changelog of records with 8-byte keys and 100-byte values, in batches of 1,000, until the
/// store can be used. One iteration is the whole changelog.
void Restore(benchmark::State& state) {
    const auto records = static_cast<std::size_t>(state.range(0));
    Keys keys(records / static_cast<std::size_t>(state.range(1)));
    const std::string value(100, 'v');
    const bool load = state.range(2) != 0;
    for (auto step : state) {
        Task task(key_value_spec(StoreEngine::kRocksDb, true));
        if (!load) {
            task.stores().finish_restore(0, 0);  // The remaining records are a tail.
        }
        std::vector<ChangelogRecord> batch;
        for (std::size_t at = 0; at < records; at += batch.size()) {
            batch.clear();
            while (batch.size() < 1000) {
                batch.push_back({keys.next(), BytesView(value), timestamp_of(1),
                                 static_cast<Offset>(at + batch.size()), nullptr});
            }
            task.stores().restore(0, batch);
        }
        task.stores().finish_restore(0, static_cast<Offset>(records));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(records));
}
BENCHMARK(Restore)
    ->ArgNames({"records", "versions", "load"})
    ->Args({1'000'000, 1, 1})
    ->Args({1'000'000, 10, 1})
    ->Args({1'000'000, 1, 0})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace millrace::state
