// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <cstddef>

namespace millrace::fuzz {

/// Memory for an input between two pages that cannot be accessed: a read before its start or after
/// its end is a crash, also without a sanitizer.
class GuardedInput {
  public:
    GuardedInput();
    ~GuardedInput();
    GuardedInput(const GuardedInput&) = delete;
    GuardedInput& operator=(const GuardedInput&) = delete;

    /// The input at the end of the memory, or at its start. Valid until the next call.
    BytesView at_end(BytesView input);
    BytesView at_start(BytesView input);

  private:
    char* pages_ = nullptr;  ///< With the two guards.
    std::size_t guard_ = 0;
};

}  // namespace millrace::fuzz
