// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/serde/serde.hpp"

#include <any>

namespace millrace {

/// How the keys and values of a store become bytes.
template <class K, class V>
struct StoreSerdes {
    SerdeOf<K> key{};
    SerdeOf<V> value{};
};

namespace detail {

/// For StoreSpec::serdes.
template <class K, class V>
std::any kept_serdes(const SerdeOf<K>& key, const SerdeOf<V>& value) {
    return StoreSerdes<K, V>{key, value};
}

}  // namespace detail
}  // namespace millrace
