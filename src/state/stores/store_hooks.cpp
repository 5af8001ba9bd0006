// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/state/store_hooks.hpp"

namespace millrace::detail {

bool set_flush_listener(StateStore& store, FlushListener* listener, bool send_old_values) {
    auto* hooks = dynamic_cast<StoreHooks*>(&store);
    return hooks != nullptr && hooks->set_flush_listener(listener, send_old_values);
}

StateStore* with_headers_of(StateStore& store) {
    auto* hooks = dynamic_cast<StoreHooks*>(&store);
    return hooks == nullptr ? nullptr : hooks->with_headers();
}

}  // namespace millrace::detail
