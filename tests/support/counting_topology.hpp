// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/processor/topology.hpp"
#include "millrace/state/bytes_store.hpp"
#include "support/test_nodes.hpp"
#include "topology/spec_builder.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace millrace::support {

/// Counts events of other threads and lets a test wait for them.
class Events {
  public:
    void happened() {
        // Notifies under the lock: a test that waits may destroy this object as soon as it can.
        const std::scoped_lock lock(mutex_);
        ++count_;
        changed_.notify_all();
    }
    int count() const {
        const std::scoped_lock lock(mutex_);
        return count_;
    }

    /// False if there were fewer than `count` within a minute.
    bool wait_for(int count) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return count_ >= count; });
    }

    /// Waits for one event, or for `limit`: for polling a condition that has no event.
    void wait_for_no_longer_than(std::chrono::milliseconds limit) const {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, limit, [&] { return count_ > 0; });
    }

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    int count_ = 0;
};

inline detail::StoreSpec count_store(bool caching = false) {
    return {.name = "counts", .kind = detail::StoreKind::kKeyValue, .caching = caching};
}

/// in -> count by key in the store "counts" -> out. `on_record` is called after each record.
inline Topology counting_topology(std::function<void(const StringRecord&)> on_record,
                                  const std::string& in = "in", const std::string& out = "out") {
    auto spec = std::make_shared<detail::TopologySpec>();
    topology::SpecBuilder builder(*spec);
    builder.add_store(count_store());
    builder.add_node(source_spec("source", {in}));
    const auto count = [on_record](LambdaNode& node, const StringRecord& record) {
        auto& store = dynamic_cast<KeyValueBytesStore&>(node.context().store(node, "counts"));
        const NullableBytes before = store.get(record.key);
        const std::string now = std::to_string((before ? std::stoi(std::string(*before)) : 0) + 1);
        store.put(record.key, now);
        node.forward(record.with_value(now));
        on_record(record);
    };
    builder.add_node(lambda_spec("count", {"source"}, {.process = count}, {"counts"}));
    builder.add_node(sink_spec("sink", {"count"}, out));
    return Topology(spec);
}

/// in -> out, unchanged.
inline Topology relay_topology(std::function<void(const StringRecord&)> on_record,
                               const std::string& in = "in", const std::string& out = "out") {
    auto spec = std::make_shared<detail::TopologySpec>();
    topology::SpecBuilder builder(*spec);
    builder.add_node(source_spec("source", {in}));
    const auto relay = [on_record](LambdaNode& node, const StringRecord& record) {
        node.forward(record);
        on_record(record);
    };
    builder.add_node(lambda_spec("relay", {"source"}, {.process = relay}));
    builder.add_node(sink_spec("sink", {"relay"}, out));
    return Topology(spec);
}

}  // namespace millrace::support
