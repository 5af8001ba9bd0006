// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/state/bytes_store.hpp"
#include "state/task/task_stores.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace millrace::runtime {

/// A reader's own window on the global stores: what a read returns lives until the next read of the
/// same view, whatever the global thread writes meanwhile. A walk takes the rows in pieces: it sees
/// those that are there when their piece is taken. Owned by one task.
///
/// Errors: StateError on every read once the stores are closed, and in code that fills them.
class GlobalStoreViews {
  public:
    virtual ~GlobalStoreViews() = default;

    /// Null when there is no global store of that name. Writing to it throws StateError.
    virtual StateStore* find(const std::string& name) = 0;
};

/// What the writer of the global stores and their readers share; views keep it beyond the stores.
class GlobalStoresGate {
  public:
    /// While it lives, the calling thread may read. Throws StateError when the stores are closed,
    /// and when the thread is the one that writes: it would wait for itself.
    class Reading {
      public:
        Reading(GlobalStoresGate& gate, const std::string& store);
        ~Reading() { gate_.mutex_.unlock(); }
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;

      private:
        GlobalStoresGate& gate_;
    };

    /// While it lives, the calling thread may write.
    class Writing {
      public:
        explicit Writing(GlobalStoresGate& gate) : gate_(gate) {
            gate_.mutex_.lock();
            gate_.writer_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        }
        ~Writing() {
            gate_.writer_.store({}, std::memory_order_relaxed);
            gate_.mutex_.unlock();
        }
        Writing(const Writing&) = delete;
        Writing& operator=(const Writing&) = delete;

        /// No read finds anything from here on.
        void close_stores() { gate_.closed_ = true; }

      private:
        GlobalStoresGate& gate_;
    };

    /// Lets those go first that wait to read; between two writes.
    void give_way() const;

    /// True once the stores hold what their topics held at the start of the client.
    bool complete() const noexcept { return complete_.load(std::memory_order_acquire); }
    void completed() noexcept { complete_.store(true, std::memory_order_release); }

    /// True after a read found damaged files.
    bool damaged() const noexcept { return damaged_.load(std::memory_order_relaxed); }
    void found_damage() noexcept { damaged_.store(true, std::memory_order_relaxed); }

  private:
    std::mutex mutex_;
    bool closed_ = false;  // Guarded by the mutex.
    std::atomic<bool> complete_{false};
    std::atomic<int> waiting_{0};
    std::atomic<std::thread::id> writer_{};
    std::atomic<bool> damaged_{false};
};

/// The global stores of one client: written by the global thread, read by all tasks. The two take
/// turns. Thread-safe.
class GlobalStores {
  public:
    /// `stores` has the specs of `global`, in that order. It must outlive this, and be closed under
    /// Writing::close_stores; views may outlive both.
    GlobalStores(state::TaskStores& stores, const std::vector<detail::GlobalStoreSpec>& global)
        : stores_(stores), global_(global), gate_(std::make_shared<GlobalStoresGate>()) {}

    std::shared_ptr<GlobalStoreViews> views();

    const std::shared_ptr<GlobalStoresGate>& gate() const noexcept { return gate_; }

  private:
    state::TaskStores& stores_;
    const std::vector<detail::GlobalStoreSpec>& global_;
    std::shared_ptr<GlobalStoresGate> gate_;
};

}  // namespace millrace::runtime
