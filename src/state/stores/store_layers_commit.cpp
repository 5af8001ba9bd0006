// SPDX-License-Identifier: Apache-2.0
// How rows of a store are moved from the record cache to the changelog, and to the engine.
#include "core/check.hpp"
#include "state/stores/store_layers.hpp"

#include <algorithm>
#include <vector>

namespace millrace::state {

bool StoreLayers::set_flush_listener(detail::FlushListener* listener, bool send_old_values) {
    if (!caching_) {
        return false;
    }
    listener_ = listener;
    send_old_values_ = send_old_values;
    return true;
}

void StoreLayers::flush() {
    if (table_.has_dirty() || table_.flushing()) {
        flush_from(nullptr);
    }
}

// As in Kafka Streams, evicting one dirty entry flushes all others of the store with it.
void StoreLayers::flush_from(Memtable::Entry* first) {
    MILLRACE_CHECK(!flushing_);
    struct Guard {
        bool& flag;
        explicit Guard(bool& which) : flag(which) { flag = true; }
        ~Guard() { flag = false; }
    } guard(flushing_);

    table_.begin_flush(first);
    bool evicted = first != nullptr;
    while (Memtable::Entry* entry = table_.next_pending()) {
        flush_entry(*entry, evicted);
        evicted = false;
    }
}

void StoreLayers::flush_entry(Memtable::Entry& entry, bool evicted) {
    const std::size_t before = table_.cached_bytes();
    const NullableBytes row = entry.value();
    const bool removal = !row;
    detail::RecordContext context = table_.context_of(entry);
    NullableBytes old_row;
    if (listener_ != nullptr) {
        if (removal || send_old_values_) {
            old_row = row_below(entry);
        }
        copy_for_listener(entry, old_row, context);
    }
    const bool has_old_row = old_row.has_value();
    const bool skip = listener_ != nullptr && removal && !has_old_row;

    const bool live = !skip && admit_and_log(entry.key(), row, context, Below{});
    table_.flushed(entry, live && !engine_->direct(), !evicted && !removal);
    share().change(before, table_.cached_bytes());
    if (listener_ != nullptr && !skip) {
        context.headers = flushed_.headers.empty() ? nullptr : &flushed_.headers;
        listener_->on_flush(
            flushed_.key, removal ? std::nullopt : NullableBytes(flushed_.value),
            send_old_values_ && has_old_row ? NullableBytes(flushed_.old_value) : std::nullopt,
            context);
    }
}

// The value of the layers below the record cache for the key of a dirty entry.
NullableBytes StoreLayers::row_below(const Memtable::Entry& entry) {
    if (expiry_ && !expiry_->readable(entry.key())) {
        return std::nullopt;
    }
    const Memtable::Entry::Below below = entry.below();
    return below.known ? below.value : engine_->get(entry.key());
}

void StoreLayers::copy_for_listener(const Memtable::Entry& entry, const NullableBytes& old_row,
                                    const detail::RecordContext& context) {
    flushed_.key.assign(entry.key().substr(segment_size_));
    flushed_.value.assign(format_.value_of(entry.value()).value_or(BytesView{}));
    flushed_.old_value.assign(format_.value_of(old_row).value_or(BytesView{}));
    // As in Kafka Streams: session results have the stored headers, which are none.
    const bool of_row = format_.keeps_headers() && spec_.kind == detail::StoreKind::kSession;
    if (context.headers != nullptr && !of_row) {
        flushed_.headers = *context.headers;
    } else {
        flushed_.headers.clear();
    }
}

void StoreLayers::write_to_engine() {
    const std::vector<Memtable::Entry*>& uncommitted = table_.uncommitted();
    std::vector<SortedEntry> changed;
    changed.reserve(uncommitted.size());
    const std::size_t before = table_.cached_bytes();
    for (std::size_t at = 0; at < uncommitted.size(); ++at) {
        prefetch_ahead(uncommitted, at);
        Memtable::Entry* entry = uncommitted[at];
        if (storable(*entry)) {
            changed.emplace_back(entry);
        } else if (!caching()) {
            table_.evict(*entry);  // Reads do not return it, either.
        }
    }
    share().change(before, table_.cached_bytes());
    // Sorted, because engines insert sorted rows several times faster.
    std::sort(changed.begin(), changed.end(), EntryLess{});
    for (std::size_t at = 0; at < changed.size(); ++at) {
        prefetch_ahead(changed, at);
        engine_->put(changed[at]->key(), changed[at]->below().value);
    }
}

void StoreLayers::committed() {
    const std::size_t before = table_.cached_bytes();
    using AtCommit = Memtable::AtCommit;
    const bool keeps = keeps_clean_rows();
    table_.committed([this, keeps](const Memtable::Entry& entry) {
        if (!storable(entry)) {
            return AtCommit::kNotStored;
        }
        return keeps ? AtCommit::kStays : AtCommit::kLeaves;
    });
    engine_->commit();
    share().change(before, table_.cached_bytes());
    if (keeps) {
        shrink();
    }
    if (expiry_) {
        expiry_->committed(*engine_, caching() ? &table_ : nullptr);
    }
}

void StoreLayers::roll_back() {
    const std::size_t before = table_.cached_bytes();
    if (segment_size_ == 0) {
        table_.roll_back();
    } else {
        // Its clean rows may have been added too late for a time that is rolled back.
        table_.clear();
    }
    engine_->roll_back();
    share().change(before, table_.cached_bytes());
    if (expiry_) {
        expect_rows_in_engine();
        expiry_->roll_back();
    }
}

void StoreLayers::drop_clean_rows() {
    MILLRACE_CHECK(table_.uncommitted_bytes() == 0);
    share().change(table_.cached_bytes(), 0);
    table_.clear();
    expect_rows_in_engine();
    listener_ = nullptr;  // A node of the task.
}

void StoreLayers::clear() {
    share().change(table_.cached_bytes(), 0);
    table_.clear();
    engine_->clear();
    if (expiry_) {
        expiry_->clear();
        expect_rows_in_engine();
    }
}

CacheBudget::Share& StoreLayers::share() const {
    return caching() ? environment_.cache->written() : environment_.cache->read();
}

void StoreLayers::leave_cache() {
    share().leave(table_.cached_bytes());
}

void StoreLayers::join_cache() {
    share().join(table_.cached_bytes());
}

// After anything that may have changed the content of the cache.
void StoreLayers::account(std::size_t cached_before) {
    if (table_.cached_bytes() == cached_before) [[likely]] {
        return;
    }
    share().change(cached_before, table_.cached_bytes());
    shrink();
}

void StoreLayers::shrink() {
    while (over_budget() && evict_one()) {
    }
}

bool StoreLayers::over_budget() const {
    const CacheBudget& cache = *environment_.cache;
    return caching() ? cache.over(cache.written())
                     : cache.over(cache.read(), table_.cached_bytes());
}

bool StoreLayers::evict_one() {
    Memtable::Entry* entry = table_.eviction_candidate();
    if (entry == nullptr || (entry->dirty() && flushing_)) {
        return false;
    }
    if (entry->dirty()) {
        flush_from(entry);
        return true;
    }
    const std::size_t before = table_.cached_bytes();
    table_.evict(*entry);
    share().change(before, table_.cached_bytes());
    return true;
}

void StoreLayers::evict_flushed() {
    const std::size_t before = table_.cached_bytes();
    for (Memtable::Entry* entry = table_.eviction_candidate(); entry != nullptr && !entry->dirty();
         entry = table_.eviction_candidate()) {
        table_.evict(*entry);
    }
    share().change(before, table_.cached_bytes());
}

}  // namespace millrace::state
