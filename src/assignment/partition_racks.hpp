// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "kafka/admin.hpp"
#include "topology/sub_topologies.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace millrace::assignment {

/// The racks of the partitions that an application reads, as last looked up. The group's leader
/// uses them in an assignment, during which it must not send requests.
///
/// Thread-safe.
class PartitionRacks {
  public:
    /// `application` and `admin` must outlive this.
    PartitionRacks(const topology::ApplicationTopology& application, kafka::Admin& admin)
        : application_(application), admin_(admin) {}

    /// Looks the racks up. Waits up to `timeout` for each response. After an error, which is
    /// logged, the known racks stay.
    void look_up(std::chrono::milliseconds timeout);

    /// By partition: the racks of the brokers that have a replica of it. Empty if no broker has a
    /// rack.
    std::shared_ptr<const kafka::ReplicaRacks> known() const;

  private:
    kafka::Result<std::vector<std::string>> topics(std::chrono::milliseconds timeout) const;

    const topology::ApplicationTopology& application_;
    kafka::Admin& admin_;
    mutable Mutex mutex_;
    std::shared_ptr<const kafka::ReplicaRacks> known_ MILLRACE_GUARDED_BY(mutex_) =
        std::make_shared<const kafka::ReplicaRacks>();
};

}  // namespace millrace::assignment
