// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace millrace {

namespace detail {
struct TopologySpec;
}  // namespace detail

/// Sources, processors and sinks with their state stores. Built by StreamsBuilder; run by
/// KafkaStreams or, in tests, by TopologyTestDriver. Has the semantics of Kafka Streams' Topology.
///
/// Copies share the same immutable data. Threads: may be read by several.
class Topology {
  public:
    explicit Topology(std::shared_ptr<const detail::TopologySpec> spec) : spec_(std::move(spec)) {}

    /// The topology as text, in the format of Kafka Streams' TopologyDescription, which tools read.
    std::string describe() const;

    const detail::TopologySpec& spec() const noexcept { return *spec_; }

  private:
    std::shared_ptr<const detail::TopologySpec> spec_;
};

}  // namespace millrace
