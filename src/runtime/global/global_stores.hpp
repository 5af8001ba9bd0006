// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/state/bytes_store.hpp"
#include "state/task/task_stores.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace::runtime {

/// A reader's view of the global stores: the result of a read is valid until the next read of the
/// same view, whatever the global thread writes in between. An iterator reads rows in chunks and
/// returns the rows that exist when their chunk is read. Owned by one task.
///
/// Errors: every read throws StateError after the stores are closed, and in code that fills the
/// stores.
class GlobalStoreViews {
  public:
    virtual ~GlobalStoreViews() = default;

    /// Null if there is no global store of that name. Writing to it throws StateError.
    virtual StateStore* find(const std::string& name) = 0;
};

/// State shared by the writer of the global stores and their readers; views keep it alive after the
/// stores.
class GlobalStoresGate {
  public:
    /// During its lifetime, the calling thread may read. Throws StateError if the stores are
    /// closed, and if the thread is the writer, which would wait for itself.
    class MILLRACE_THREAD_ATTRIBUTE(scoped_lockable) Reading {
      public:
        Reading(GlobalStoresGate& gate, const std::string& store)
            MILLRACE_THREAD_ATTRIBUTE(acquire_capability(gate.mutex_));
        ~Reading() MILLRACE_THREAD_ATTRIBUTE(release_capability()) { gate_.mutex_.unlock(); }
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;

      private:
        GlobalStoresGate& gate_;
    };

    /// During its lifetime, the calling thread may write.
    class MILLRACE_THREAD_ATTRIBUTE(scoped_lockable) Writing {
      public:
        explicit Writing(GlobalStoresGate& gate)
            MILLRACE_THREAD_ATTRIBUTE(acquire_capability(gate.mutex_))
            : gate_(gate) {
            gate.mutex_.lock();
            gate_.writer_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        }
        ~Writing() MILLRACE_THREAD_ATTRIBUTE(release_capability()) {
            gate_.writer_.store({}, std::memory_order_relaxed);
            gate_.mutex_.unlock();
        }
        Writing(const Writing&) = delete;
        Writing& operator=(const Writing&) = delete;

        /// All later reads fail.
        void close_stores() MILLRACE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
            gate_.closed_ = true;
        }

      private:
        GlobalStoresGate& gate_;
    };

    /// Lets waiting readers run first; between two writes.
    void give_way() const;

    /// True when the stores contain what their topics contained at the start of the client.
    bool complete() const noexcept { return complete_.load(std::memory_order_acquire); }
    void completed() noexcept { complete_.store(true, std::memory_order_release); }

    /// True after a read found damaged files.
    bool damaged() const noexcept { return damaged_.load(std::memory_order_relaxed); }
    void found_damage() noexcept { damaged_.store(true, std::memory_order_relaxed); }

  private:
    Mutex mutex_;
    bool closed_ MILLRACE_GUARDED_BY(mutex_) = false;
    std::atomic<bool> complete_{false};
    std::atomic<int> waiting_{0};
    std::atomic<std::thread::id> writer_{};
    std::atomic<bool> damaged_{false};
};

/// The global stores of one client: the global thread writes them, all tasks read them,
/// alternately. Thread-safe.
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
