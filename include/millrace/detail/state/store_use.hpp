// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "millrace/detail/state/store_types.hpp"
#include "millrace/detail/state/stored_headers.hpp"
#include "millrace/detail/state/stored_value.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/store_serdes.hpp"
#include "millrace/state/value_timestamp_headers.hpp"

#include <any>
#include <string>
#include <type_traits>

namespace millrace::detail {

/// How a caller wants to use a store.
struct StoreUse {
    const char* kind = "";      ///< "key-value store" and so on.
    bool checks_times = false;  ///< Whether `timestamped` is compared.
    bool timestamped = false;
    const std::string* key_type = nullptr;  ///< Null: the caller has its own serdes.
    const std::string* value_type = nullptr;
};

/// Throws TopologyError, with the actual and the requested store, unless the two match as far as is
/// known. Does not allocate if they match.
void check_store(const StateStore& store, const StoreUse& use);

/// Throws that error unconditionally.
[[noreturn]] void refuse_store(const StateStore& store, const StoreUse& use);

/// Through the typed store `Store`, which is constructed from a BytesStore.
template <class Store, class BytesStore>
StoreUse store_use(bool own_serdes) {
    using Value = typename Store::Value;
    StoreUse use;
    constexpr bool kKeys = std::is_same_v<BytesStore, KeyValueBytesStore>;
    constexpr bool kWindows = std::is_same_v<BytesStore, WindowBytesStore>;
    use.kind = kKeys                                           ? "key-value store"
               : kWindows                                      ? "window store"
               : std::is_same_v<BytesStore, SessionBytesStore> ? "session store"
                                                               : "versioned key-value store";
    // Rows with headers always have a time.
    use.checks_times = (kKeys || kWindows) && !kKeepsHeaders<Value>;
    use.timestamped = StoredValue<Value>::kTimestamped;
    if (!own_serdes) {
        use.key_type = &type_name<typename Store::Key>();
        use.value_type = &type_name<typename StoredValue<Value>::Plain>();
    }
    return use;
}

/// A typed store that is constructed with serdes, like all built-in ones.
template <class Store, class BytesStore>
inline constexpr bool kTakesSerdes = requires(BytesStore& store, typename Store::ValueSerde value) {
    Store(store, SerdeOf<typename Store::Key>(), value);
};

/// The serdes of the store's declaration, otherwise Serde. Throws TopologyError if there are none.
template <class Store>
auto serdes_of(const StateStore& store) {
    using Serdes =
        StoreSerdes<typename Store::Key, typename StoredValue<typename Store::Value>::Plain>;
    const StoreSpec* spec = store.specification();
    const auto* kept = spec != nullptr ? std::any_cast<Serdes>(&spec->serdes) : nullptr;
    Serdes serdes = kept != nullptr ? *kept : Serdes{};
    require_store_serdes(store.name(), serdes.key, serdes.value);
    return serdes;
}

}  // namespace millrace::detail
