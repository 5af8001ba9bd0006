// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/store_serdes.hpp"

#include <any>
#include <string>
#include <type_traits>
#include <typeinfo>

namespace millrace::detail {

/// In C++ spelling.
std::string readable_name(const std::type_info& type);

/// A type's name, for messages and comparisons, also across restarts. Types that determine their
/// byte format have fixed names: string, bool, int8 … uint64, float32, float64.
template <class T>
const std::string& type_name() {
    static const std::string name = [] {
        const std::string bits = std::to_string(8 * sizeof(T));
        if constexpr (std::is_same_v<T, std::string>) {
            return std::string("string");
        } else if constexpr (std::is_same_v<T, bool>) {
            return std::string("bool");
        } else if constexpr (std::is_integral_v<T>) {
            return (std::is_signed_v<T> ? "int" : "uint") + bits;
        } else if constexpr (std::is_floating_point_v<T>) {
            return "float" + bits;
        } else {
            return readable_name(typeid(T));
        }
    }();
    return name;
}

/// Throws TopologyError: `part` ("keys", "values") of a store have a type without a serde.
[[noreturn]] void store_without_serde(const std::string& store, const char* part,
                                      const std::type_info& type);

template <class K, class V>
void require_store_serdes(const std::string& store, const SerdeOf<K>& key,
                          const SerdeOf<V>& value) {
    if (key.is_missing()) {
        store_without_serde(store, "keys", typeid(K));
    }
    if (value.is_missing()) {
        store_without_serde(store, "values", typeid(V));
    }
}

/// The types of a store with those serdes. V is without additions of the kind.
template <class K, class V>
StoreTypes store_types(const SerdeOf<K>& key_serde, const SerdeOf<V>& value_serde) {
    return {type_name<K>(), type_name<V>(), key_serde.is_custom(), value_serde.is_custom()};
}

/// For StoreSpec::serdes.
template <class K, class V>
std::any kept_serdes(const SerdeOf<K>& key, const SerdeOf<V>& value) {
    return StoreSerdes<K, V>{key, value};
}

}  // namespace millrace::detail
