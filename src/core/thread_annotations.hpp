// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// Which mutex guards which member, checked by clang (-Wthread-safety); without effect for other
// compilers.
#if defined(__clang__)
#define MILLRACE_THREAD_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define MILLRACE_THREAD_ATTRIBUTE(attribute)
#endif

/// For a member: read and written only while the mutex is held.
#define MILLRACE_GUARDED_BY(mutex) MILLRACE_THREAD_ATTRIBUTE(guarded_by(mutex))
/// For a function or lambda: called while the mutex is held.
#define MILLRACE_REQUIRES(mutex) MILLRACE_THREAD_ATTRIBUTE(requires_capability(mutex))

namespace millrace {

/// A std::mutex that the analysis knows.
class MILLRACE_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
  public:
    void lock() MILLRACE_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
    void unlock() MILLRACE_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
    bool try_lock() MILLRACE_THREAD_ATTRIBUTE(try_acquire_capability(true)) {
        return mutex_.try_lock();
    }

  private:
    friend class MutexLock;
    std::mutex mutex_;
};

/// Holds a mutex for its lifetime, except between unlock() and lock().
class MILLRACE_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
  public:
    explicit MutexLock(Mutex& mutex) MILLRACE_THREAD_ATTRIBUTE(acquire_capability(mutex))
        : lock_(mutex.mutex_) {}
    /// Tells the analysis that the calling thread holds the mutex.
    MutexLock(Mutex& mutex, std::adopt_lock_t) MILLRACE_THREAD_ATTRIBUTE(requires_capability(mutex))
        : lock_(mutex.mutex_, std::adopt_lock) {}
    ~MutexLock() MILLRACE_THREAD_ATTRIBUTE(release_capability()) = default;
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    void lock() MILLRACE_THREAD_ATTRIBUTE(acquire_capability()) { lock_.lock(); }
    void unlock() MILLRACE_THREAD_ATTRIBUTE(release_capability()) { lock_.unlock(); }

  private:
    friend class Condition;
    std::unique_lock<std::mutex> lock_;
};

/// std::condition_variable for these. `done` is called with the mutex held; a lambda that reads
/// guarded members says so with MILLRACE_REQUIRES.
class Condition {
  public:
    void notify_all() { changed_.notify_all(); }

    template <class F>
    void wait(MutexLock& lock, F done) {
        changed_.wait(lock.lock_, done);
    }

    /// False if the condition is not true after `timeout`.
    template <class F>
    bool wait_for(MutexLock& lock, std::chrono::milliseconds timeout, F done) {
        return changed_.wait_for(lock.lock_, timeout, done);
    }

  private:
    std::condition_variable changed_;
};

}  // namespace millrace
