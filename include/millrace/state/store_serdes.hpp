// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/serde/serde.hpp"

namespace millrace {

/// How the keys and values of a store are serialised.
template <class K, class V>
struct StoreSerdes {
    SerdeOf<K> key{};
    SerdeOf<V> value{};
};

}  // namespace millrace
