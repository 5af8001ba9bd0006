// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/metrics/metric.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::metrics {

/// Who a metric is and whom it belongs to.
struct MetricName {
    std::string name;
    std::string group;
    std::map<std::string, std::string> tags{};

    auto operator<=>(const MetricName&) const = default;
};

/// A number that many threads may add to. Thread-safe, wait-free.
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
/// Recording goes through objects that are handed out once and share nothing with the registry's
/// lock, so a record on its way never waits for a reader of metrics. Thread-safe.
class Registry {
  public:
    /// The counter of that name, made when it does not exist: asking twice gives the same one.
    std::shared_ptr<Counter> counter(const MetricName& name);
    std::shared_ptr<Gauge> gauge(const MetricName& name);

    /// A gauge that is asked when a snapshot is taken. `read` is called from any thread, with the
    /// registry locked, and must not call back.
    void computed(const MetricName& name, std::function<double()> read);

    /// Forgets what carries this tag: a task or thread that is gone. What was handed out stays
    /// valid.
    void remove_tagged(const std::string& tag, const std::string& value);

    std::vector<ClientMetric> snapshot() const;

  private:
    mutable std::mutex mutex_;
    std::map<MetricName, std::shared_ptr<Counter>> counters_;
    std::map<MetricName, std::shared_ptr<Gauge>> gauges_;
    std::map<MetricName, std::function<double()>> computed_;
};

}  // namespace millrace::metrics
