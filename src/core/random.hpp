// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace millrace {

/// The interface to randomness. Thread-safe.
class Random {
  public:
    virtual ~Random() = default;

    /// Uniformly distributed over all values.
    virtual std::uint64_t next() = 0;
};

/// Seeded by the operating system, and never destroyed; in a simulation, seeded by that.
Random& system_random();

/// A random (version 4) UUID in its usual text form.
std::string random_uuid(Random& random);

}  // namespace millrace
