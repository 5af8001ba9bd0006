// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/query.hpp"

#include "core/type_name.hpp"
#include "millrace/core/error.hpp"

namespace millrace::detail {

void StoreReader::other_types(const std::type_info& has, const std::type_info& asked) const {
    throw StateError("store has keys and values of other types: " + name_ + " is written with " +
                     type_name(has.name()) + ", the query asks for " + type_name(asked.name()));
}

}  // namespace millrace::detail
