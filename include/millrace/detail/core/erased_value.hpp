// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <typeindex>
#include <typeinfo>

namespace millrace::detail {

/// A key or value without its type.
struct ErasedValue {
    std::type_index type;             ///< In the graph: with its null, or a table's change.
    const void* value;                ///< Of that type.
    std::type_index plain_type;       ///< Without its null; for a change: the type of its values.
    const void* plain;                ///< Of that type; null: there is none.
    const void* old_plain = nullptr;  ///< Of that type; for changes: the old value.
};

/// The untyped view of a T. Specialised for changes of tables.
template <class T>
struct ErasureOf {
    static ErasedValue of(const T& value) { return {typeid(T), &value, typeid(T), &value}; }
};
template <class T>
struct ErasureOf<std::optional<T>> {
    static ErasedValue of(const std::optional<T>& value) {
        return {typeid(std::optional<T>), &value, typeid(T), value ? &*value : nullptr};
    }
};

[[noreturn]] void refuse_type(const char* what, std::type_index has, std::type_index given);

}  // namespace millrace::detail
