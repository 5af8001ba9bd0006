// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/topology_spec.hpp"
#include "millrace/state/bytes_store.hpp"
#include "state/task_stores.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace millrace::runtime {

/// A reader's own window on the global stores: what a read returns lives until the next read of the
/// same view, whatever the global thread writes meanwhile. Owned by one task.
class GlobalStoreViews {
  public:
    virtual ~GlobalStoreViews() = default;

    /// Null when there is no global store of that name. Writing to it throws StateError.
    virtual StateStore* find(const std::string& name) = 0;
};

/// The global stores of one client: written by the global thread, read by all tasks. The two take
/// turns under one lock. Thread-safe.
class GlobalStores {
  public:
    /// `stores` has the specs of `global`, in that order, and must outlive this and all views.
    GlobalStores(state::TaskStores& stores, const std::vector<detail::GlobalStoreSpec>& global)
        : stores_(stores), global_(global) {}

    std::shared_ptr<GlobalStoreViews> views();

    /// To be held while writing.
    std::mutex& mutex() noexcept { return mutex_; }

  private:
    state::TaskStores& stores_;
    const std::vector<detail::GlobalStoreSpec>& global_;
    std::mutex mutex_;
};

}  // namespace millrace::runtime
