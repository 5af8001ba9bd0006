// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/core/erased_value.hpp"

namespace millrace::detail {

/// A change of one key's value, sent between table nodes. A view, like Record.
template <class V>
struct Change {
    const V* new_value = nullptr;  ///< Null: the key was deleted.
    const V* old_value = nullptr;  ///< Null: there was none, or old values were not requested.
    bool is_latest = true;         ///< False for out-of-order updates of a versioned table.
};

template <class V>
struct ErasureOf<Change<V>> {
    static ErasedValue of(const Change<V>& change) {
        return {typeid(Change<V>), &change, typeid(V), change.new_value, change.old_value};
    }
};

}  // namespace millrace::detail
