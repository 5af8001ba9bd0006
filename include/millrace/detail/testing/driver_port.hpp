// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/testing/test_record.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace millrace::testing::detail {

/// The driver's interface for test topics.
class DriverPort {
  public:
    virtual void pipe(BytesRecord record) = 0;
    virtual Timestamp wall_clock() const = 0;

    /// Throws Error unless the topology reads `topic`.
    virtual void check_input(const std::string& topic) const = 0;

    /// Removes and returns the oldest record that was sent to `topic`.
    virtual std::optional<BytesRecord> next(const std::string& topic) = 0;
    virtual std::size_t waiting(const std::string& topic) const = 0;

  protected:
    ~DriverPort() = default;
};

}  // namespace millrace::testing::detail
