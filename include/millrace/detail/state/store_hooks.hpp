// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/state_store.hpp"

namespace millrace::detail {

class FlushListener;

/// What nodes use of the library's stores, in addition to the interface for applications. Custom
/// stores do not have these functions.
class StoreHooks {
  public:
    /// The same store, of the same kind, with the headers before each value
    /// (docs/formats/stored-headers.md); null if it does not store headers. Through the interface
    /// for applications, values have no headers, and puts get the headers of the store's
    /// definition: none, or those of the current record.
    virtual StateStore* with_headers() = 0;

    /// Sends flushed cache entries to `listener` and returns true; false if the store has no cache,
    /// and the caller must forward changes itself.
    virtual bool set_flush_listener(FlushListener* listener, bool send_old_values) = 0;

  protected:
    ~StoreHooks() = default;
};

/// See StoreHooks; false of a store without hooks.
bool set_flush_listener(StateStore& store, FlushListener* listener, bool send_old_values);

StateStore* with_headers_of(StateStore& store);

/// See StoreHooks; null of a store without hooks. `BytesStore` is the interface of the store's
/// kind.
template <class BytesStore>
BytesStore* with_headers(BytesStore& store) {
    return static_cast<BytesStore*>(with_headers_of(store));
}

}  // namespace millrace::detail
