// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace millrace {

namespace detail {
struct StoreSpec;
}  // namespace detail

/// What every state store is, whatever its kind. Owned by its task, used by the task's thread.
class StateStore {
  public:
    virtual ~StateStore() = default;

    virtual const std::string& name() const = 0;

    /// True when the store keeps its content on disk over a restart.
    virtual bool persistent() const = 0;

    /// For the library: what the store was made from; null when that is not known.
    virtual const detail::StoreSpec* specification() const { return nullptr; }
};

}  // namespace millrace
