// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"

#include <string>

namespace millrace::state {

/// The files of a task's state are damaged: wipe() them and restore from the changelogs.
class StateCorrupted final : public Error {
  public:
    explicit StateCorrupted(const std::string& what) : Error(ErrorKind::kState, what) {}
};

}  // namespace millrace::state
