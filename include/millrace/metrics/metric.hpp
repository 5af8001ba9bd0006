// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace millrace {

/// What a metric counts or shows, at the moment of the snapshot.
enum class MetricKind {
    kCounter,  ///< Only ever grows while the client lives.
    kGauge,    ///< Goes up and down.
};

/// One figure of a client. Names and groups are Kafka Streams' where the thing is the same.
struct ClientMetric {
    std::string name;                         ///< "process-total"
    std::string group;                        ///< "stream-thread-metrics"
    std::map<std::string, std::string> tags;  ///< "thread-id", "task-id", ...
    MetricKind kind = MetricKind::kGauge;
    double value = 0;
};

}  // namespace millrace
