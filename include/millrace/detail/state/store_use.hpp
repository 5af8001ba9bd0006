// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_types.hpp"
#include "millrace/detail/state/stored_headers.hpp"
#include "millrace/detail/state/stored_value.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/value_timestamp_headers.hpp"

#include <string>
#include <type_traits>

namespace millrace::detail {

/// How somebody wants to use a store.
struct StoreUse {
    const char* kind = "";      ///< "key-value store" and so on.
    bool checks_times = false;  ///< Whether `timestamped` matters.
    bool timestamped = false;
    const std::string* key_type = nullptr;  ///< Null: whoever asks has serdes of his own.
    const std::string* value_type = nullptr;
};

/// Throws TopologyError, with what the store is and what was asked for, unless the two fit as far
/// as is known. Does not allocate when they do.
void check_store(const StateStore& store, const StoreUse& use);

/// Throws that in any case.
[[noreturn]] void refuse_store(const StateStore& store, const StoreUse& use);

/// Through the front `Store`, which is made from a BytesStore.
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
    // Rows with headers have a time in any case.
    use.checks_times = (kKeys || kWindows) && !kKeepsHeaders<Value>;
    use.timestamped = StoredValue<Value>::kTimestamped;
    if (!own_serdes) {
        use.key_type = &type_name<typename Store::Key>();
        use.value_type = &type_name<typename StoredValue<Value>::Plain>();
    }
    return use;
}

}  // namespace millrace::detail
