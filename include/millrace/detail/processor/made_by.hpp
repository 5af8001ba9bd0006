// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

namespace millrace::detail {

/// What a supplier `F` makes: the class behind the pointer that it returns.
template <class F>
using MadeBy = typename std::remove_cvref_t<std::invoke_result_t<F&>>::element_type;

}  // namespace millrace::detail
