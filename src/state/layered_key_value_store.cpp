// SPDX-License-Identifier: Apache-2.0
#include "state/layered_key_value_store.hpp"

#include "state/key_range.hpp"

#include <utility>

namespace millrace::state {

LayeredKeyValueStore::LayeredKeyValueStore(const detail::StoreSpec& spec, std::size_t index,
                                           StoreEnvironment& environment,
                                           std::unique_ptr<Engine> engine)
    : LayeredStore(spec, index, environment, std::move(engine), 0) {}

bool LayeredKeyValueStore::persistent() const {
    return engine().persistent();
}

std::unique_ptr<BytesIterator> LayeredKeyValueStore::range(NullableBytes first, NullableBytes last,
                                                           Order order) {
    return iterate(inclusive_range(first, last), order);
}

std::unique_ptr<BytesIterator> LayeredKeyValueStore::prefix_scan(BytesView prefix) {
    return iterate(prefix_range(prefix), Order::kForward);
}

void LayeredKeyValueStore::restore(std::span<const ChangelogRecord> records) {
    for (const ChangelogRecord& record : records) {
        if (record.key) {
            engine().put(*record.key, stored_value(record));
        }
    }
}

}  // namespace millrace::state
