// SPDX-License-Identifier: Apache-2.0
#include "state/engine/engine.hpp"

namespace millrace::state {

void Engine::drop_below(BytesView end) {
    std::vector<Bytes> keys;
    for (auto row = iterate({std::nullopt, Bytes(end)}, RowOrder::kForward); row->valid();
         row->next()) {
        keys.emplace_back(row->key());
    }
    for (const Bytes& key : keys) {
        put(key, std::nullopt);
    }
}

}  // namespace millrace::state
