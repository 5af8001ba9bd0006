// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace millrace {
struct Header;
}

namespace millrace::detail {

/// Reads the headers of a message on demand. Implemented by the owner of the message.
class HeaderSource {
  public:
    /// Appends the headers of `message` to `out`.
    virtual void read_headers(const void* message, std::vector<Header>& out) const = 0;

  protected:
    ~HeaderSource() = default;
};

}  // namespace millrace::detail
