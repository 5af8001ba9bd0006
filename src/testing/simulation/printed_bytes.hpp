// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <string>

namespace millrace::testing::simulated {

/// In quotes, bytes that are not printable as \xHH. Different bytes have different texts.
std::string printed(BytesView bytes);

/// "null" if there are none.
std::string printed(const NullableOwnedBytes& bytes);

}  // namespace millrace::testing::simulated
