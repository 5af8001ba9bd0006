// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>

namespace millrace::detail {

class TaskContext;

/// One T for each running task, shared by nodes. Thread-safe; each T is used by its task's thread
/// only.
template <class T>
class SharedPerTask {
  public:
    /// The task's T; created for the first node, destroyed with the last that holds it.
    std::shared_ptr<T> of(const TaskContext& task) {
        const std::lock_guard lock(mutex_);
        std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
        std::weak_ptr<T>& known = known_[&task];
        std::shared_ptr<T> shared = known.lock();
        if (shared == nullptr) {
            shared = std::make_shared<T>();
            known = shared;
        }
        return shared;
    }

  private:
    std::mutex mutex_;
    std::map<const TaskContext*, std::weak_ptr<T>> known_;
};

}  // namespace millrace::detail
