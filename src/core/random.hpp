// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace millrace {

/// The seam to chance. Thread-safe.
class Random {
  public:
    virtual ~Random() = default;

    /// Uniformly distributed over all values.
    virtual std::uint64_t next() = 0;
};

/// Seeded by the operating system. Lives for ever.
Random& system_random();

/// A random (version 4) UUID in its usual text form.
std::string random_uuid(Random& random);

}  // namespace millrace
