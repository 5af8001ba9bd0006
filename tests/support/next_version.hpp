// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/group.hpp"
#include "millrace/core/bytes.hpp"

#include <memory>
#include <utility>

namespace millrace::support {

/// Group member data as a later version writes it: a higher version, one more field, and more at
/// the end of a known field.
class NextVersion {
  public:
    /// The same data, of a subscription or an assignment of this build.
    Bytes of(Bytes data) const {
        if (data.size() < kHeader || data[kVersion] < 2) {
            return data;  // Version 1 has no successor in the same form.
        }
        data[kVersion] = static_cast<char>(data[kVersion] + 1);
        data[kHeader + kLengthOfFirst] = static_cast<char>(data[kHeader + kLengthOfFirst] + 3);
        data.insert(kHeader + kFirstField, "new");
        data += Bytes("\x7f\x01\0\0\0\5later", 11);
        return data;
    }

    /// What no member of this build can read.
    Bytes unreadable(Bytes data) const {
        data = of(std::move(data));
        if (data.size() >= kHeader && data[kVersion] > 2) {
            data[kReadableFrom] = data[kVersion];
        }
        return data;
    }

  private:
    // Positions of low bytes. The first field is of one byte: the flags, or the reason to stop.
    static constexpr std::size_t kVersion = 6;
    static constexpr std::size_t kReadableFrom = 8;
    static constexpr std::size_t kHeader = 9;
    static constexpr std::size_t kLengthOfFirst = 5;
    static constexpr std::size_t kFirstField = 7;
};

}  // namespace millrace::support
