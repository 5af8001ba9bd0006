// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "millrace/metrics/metric.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::metrics {

/// Name and tags of a metric.
struct MetricName {
    std::string name;
    std::string group;
    std::map<std::string, std::string> tags{};

    auto operator<=>(const MetricName&) const = default;
};

/// A number that several threads may add to. Thread-safe, wait-free.
class Counter {
  public:
    void add(std::uint64_t amount = 1) noexcept {
        value_.fetch_add(amount, std::memory_order_relaxed);
    }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

/// A number that is set. Thread-safe, wait-free.
class Gauge {
  public:
    void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
    double value() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<double> value_{0};
};

/// All metrics of one client.
///
/// Callers record through counter objects, which do not use the registry's lock, so the record path
/// never waits for a reader of metrics. Thread-safe.
class Registry {
  public:
    /// The counter with that name, created if it does not exist; the same name returns the same
    /// counter.
    std::shared_ptr<Counter> counter(const MetricName& name);
    std::shared_ptr<Gauge> gauge(const MetricName& name);

    /// A gauge that is evaluated for each snapshot. `read` is called from any thread, with the
    /// registry locked, and must not call the registry.
    void computed(const MetricName& name, std::function<double()> read);

    /// Removes one metric, if it exists.
    void remove(const MetricName& name);

    /// Removes the metrics with this tag, when a task or thread has ended. Counters that were
    /// returned before stay valid.
    void remove_tagged(const std::string& tag, const std::string& value);

    std::vector<ClientMetric> snapshot() const;

  private:
    mutable Mutex mutex_;
    std::map<MetricName, std::shared_ptr<Counter>> counters_ MILLRACE_GUARDED_BY(mutex_);
    std::map<MetricName, std::shared_ptr<Gauge>> gauges_ MILLRACE_GUARDED_BY(mutex_);
    std::map<MetricName, std::function<double()>> computed_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::metrics
