// SPDX-License-Identifier: Apache-2.0
#include "core/type_name.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/serde/serde_forms.hpp"

namespace millrace::detail {

void serde_missing(const std::type_info& type) {
    const std::string name = type_name(type.name());
    throw SerdeError("no serde for type " + name + ": specialise millrace::Serde<" + name +
                     ">, or give a custom serde in the options");
}

}  // namespace millrace::detail
