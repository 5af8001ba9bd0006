// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/walk.hpp"

namespace millrace::state {

Walk::Walk(Walks& walks) noexcept : walks_(&walks), next_(walks.first_) {
    if (next_ != nullptr) {
        next_->previous_ = this;
    }
    walks.first_ = this;
}

Walk::~Walk() {
    if (walks_ == nullptr) {
        return;
    }
    (previous_ != nullptr ? previous_->next_ : walks_->first_) = next_;
    if (next_ != nullptr) {
        next_->previous_ = previous_;
    }
}

void Walk::keep(BytesView key, const NullableBytes& value, bool in_memory) {
    if (!has_kept()) {
        kept_ = std::make_unique<Kept>();
    }
    Past past{std::nullopt, in_memory};
    if (value) {
        past.value.emplace(*value);
    }
    kept_->emplace(key, std::move(past));
}

void Walk::keep(const MemtableEntry& entry) {
    keep(entry.key(), sees(entry) ? entry.value() : std::nullopt, true);
}

Walks::~Walks() {
    for_each([](Walk& walk) { walk.walks_ = nullptr; });
}

void Walks::entry_leaves(const MemtableEntry& entry) {
    for_each([&entry](Walk& walk) {
        if (walk.needs(entry.key())) {
            walk.keep(entry);
        }
    });
}

}  // namespace millrace::state
