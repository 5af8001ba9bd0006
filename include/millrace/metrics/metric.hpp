// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace millrace {

/// The type of a metric.
enum class MetricKind {
    kCounter,  ///< Only increases during the client's life.
    kGauge,    ///< Increases and decreases.
};

/// A metric of a client. Names and groups are those of Kafka Streams for the same metric.
struct ClientMetric {
    std::string name;                         ///< "process-total"
    std::string group;                        ///< "stream-thread-metrics"
    std::map<std::string, std::string> tags;  ///< "thread-id", "task-id", ...
    MetricKind kind = MetricKind::kGauge;
    double value = 0;
};

}  // namespace millrace
