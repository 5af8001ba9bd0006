// SPDX-License-Identifier: Apache-2.0
#include "metrics/registry.hpp"

namespace millrace::metrics {

namespace {

ClientMetric metric_of(const MetricName& name, MetricKind kind, double value) {
    return {name.name, name.group, name.tags, kind, value};
}

}  // namespace

std::shared_ptr<Counter> Registry::counter(const MetricName& name) {
    const MutexLock lock(mutex_);
    auto& counter = counters_[name];
    if (counter == nullptr) {
        counter = std::make_shared<Counter>();
    }
    return counter;
}

std::shared_ptr<Gauge> Registry::gauge(const MetricName& name) {
    const MutexLock lock(mutex_);
    auto& gauge = gauges_[name];
    if (gauge == nullptr) {
        gauge = std::make_shared<Gauge>();
    }
    return gauge;
}

void Registry::computed(const MetricName& name, std::function<double()> read) {
    const MutexLock lock(mutex_);
    computed_[name] = std::move(read);
}

void Registry::remove(const MetricName& name) {
    const MutexLock lock(mutex_);
    counters_.erase(name);
    gauges_.erase(name);
    computed_.erase(name);
}

void Registry::remove_tagged(const std::string& tag, const std::string& value) {
    const MutexLock lock(mutex_);
    const auto tagged = [&](const auto& entry) {
        const auto found = entry.first.tags.find(tag);
        return found != entry.first.tags.end() && found->second == value;
    };
    std::erase_if(counters_, tagged);
    std::erase_if(gauges_, tagged);
    std::erase_if(computed_, tagged);
}

std::vector<ClientMetric> Registry::snapshot() const {
    const MutexLock lock(mutex_);
    std::vector<ClientMetric> metrics;
    metrics.reserve(counters_.size() + gauges_.size() + computed_.size());
    for (const auto& [name, counter] : counters_) {
        metrics.push_back(
            metric_of(name, MetricKind::kCounter, static_cast<double>(counter->value())));
    }
    for (const auto& [name, gauge] : gauges_) {
        metrics.push_back(metric_of(name, MetricKind::kGauge, gauge->value()));
    }
    for (const auto& [name, read] : computed_) {
        metrics.push_back(metric_of(name, MetricKind::kGauge, read()));
    }
    return metrics;
}

}  // namespace millrace::metrics
