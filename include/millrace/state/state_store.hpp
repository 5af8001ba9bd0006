// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace millrace {

namespace detail {
struct StoreSpec;
}  // namespace detail

/// The base of every state store. Owned by its task, used by the task's thread.
class StateStore {
  public:
    virtual ~StateStore() = default;

    virtual const std::string& name() const = 0;

    /// True if the store keeps its content on disk over a restart.
    virtual bool persistent() const = 0;

    /// For the library: the store's specification; null if unknown.
    virtual const detail::StoreSpec* specification() const { return nullptr; }
};

}  // namespace millrace
