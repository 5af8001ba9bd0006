// SPDX-License-Identifier: Apache-2.0
#include "state/stores/store_layers.hpp"

#include "core/check.hpp"
#include "state/format/segment_interval.hpp"
#include "state/format/window_key.hpp"
#include "state/memtable/merging_iterator.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace::state {

using detail::StoreKind;
using detail::StoreSpec;

namespace {

std::size_t suffix_size_of(StoreKind kind) {
    switch (kind) {
        case StoreKind::kWindow:
        case StoreKind::kTimestampedWindow:
            return kWindowSuffixSize;
        case StoreKind::kSession:
            return kSessionSuffixSize;
        default:
            return 0;
    }
}

// If there is no memory for record caches, there are none, instead of caches that flush every write
// at once: the two differ when a missing key is deleted.
bool has_record_cache(const StoreSpec& spec, const CacheBudget& cache) {
    return spec.caching && !spec.retain_duplicates && spec.kind != StoreKind::kVersionedKeyValue &&
           cache.enabled();
}

}  // namespace

StoreLayers::StoreLayers(const StoreSpec& spec, std::size_t index, StoreEnvironment& environment,
                         std::unique_ptr<Engine> engine)
    : spec_(spec),
      environment_(environment),
      engine_(std::move(engine)),
      format_(spec),
      changelog_(spec, index, environment, format_),
      table_(suffix_size_of(spec.kind)),
      segment_size_(is_segmented(spec.kind) ? kSegmentSize : 0),
      caching_(has_record_cache(spec, *environment.cache)) {
    if (is_segmented(spec.kind)) {
        expiry_.emplace(segment_expiry_of(spec, *engine_), *engine_, suffix_size_of(spec.kind));
    }
    expect_rows_in_engine();
    join_cache();
}

StoreLayers::~StoreLayers() = default;

// The table has no rows of the engine's segments.
void StoreLayers::expect_rows_in_engine() {
    if (expiry_ && !engine_->direct()) {  // Direct engines may have unknown rows.
        table_.set_complete_from(expiry_->end_of_segments());
    }
}

// Without a record cache, rows stay in memory after a read or commit if that saves reads from disk.
bool StoreLayers::keeps_clean_rows() const {
    return !caching() && environment_.cache->enabled() && engine_->persistent() &&
           !engine_->direct();
}

NullableBytes StoreLayers::read_below(BytesView key) {
    if ((expiry_ && !expiry_->readable(key)) || table_.has_all_from(key)) {
        return std::nullopt;
    }
    const NullableBytes row = engine_->get(key);
    // Kafka Streams' cached key-value stores keep rows that were read, its window stores do not.
    const bool keep =
        caching() ? segment_size_ == 0 && environment_.cache->enabled() : keeps_clean_rows();
    if (!row || !keep || flushing_) {
        return row;
    }
    const std::size_t before = table_.cached_bytes();
    table_.add_clean(key, row);
    account(before);
    const Memtable::Entry* entry = table_.find(key);
    return entry != nullptr ? entry->value() : engine_->get(key);
}

// Before a row changes.
void StoreLayers::keep_for_walks(BytesView key) {
    if (engine_->direct()) {  // Reading may change their rows.
        return;
    }
    table_.walks().for_each([&](Walk& walk) {
        if (!walk.needs(key)) {
            return;
        }
        if (const Memtable::Entry* entry = table_.find(key)) {
            walk.keep(*entry);
        } else {
            walk.keep(key, table_.has_all_from(key) ? std::nullopt : engine_->get(key), false);
        }
    });
}

// Copies, because both may be views that end when the engine is read.
bool StoreLayers::write_during_walk(BytesView key, const NullableBytes& row, const Below& below) {
    const Bytes own_key(key);
    const Bytes own_row(row.value_or(BytesView()));
    keep_for_walks(own_key);
    return write_now(own_key, row ? NullableBytes(own_row) : std::nullopt, below);
}

const StoreLayers::Below StoreLayers::as_usual{};

bool StoreLayers::write_now(BytesView key, const NullableBytes& row, const Below& below) {
    MILLRACE_CHECK(environment_.context != nullptr || !environment_.processing);
    const std::size_t before = table_.cached_bytes();
    bool live = true;
    if (caching()) {
        if (expiry_) {
            expiry_->add_segment_of(key);
        }
        // For a listener, deletions of missing rows are not changes.
        const bool listened = listener_ != nullptr;
        table_.write_cached(
            key, row, environment_.context->record(),
            {.keep_before = send_old_values_ || (listened && !row), .remove_unseen = listened});
    } else {
        static const detail::RecordContext none;
        const detail::RecordContext& context =
            environment_.context != nullptr ? environment_.context->record() : none;
        live = admit_and_log(key, row, context, below);
        if (live && !engine_->direct()) {
            table_.write_through(key, row);
        }
    }
    account(before);
    return live;
}

// Performs a write below the record cache, except keeping the row in the table. False: it has
// expired, and must not be kept.
bool StoreLayers::admit_and_log(BytesView key, const NullableBytes& row,
                                const detail::RecordContext& context, const Below& below) {
    const bool live = !expiry_ || expiry_->admit(key, below.moves_stream_time);
    if (live && engine_->direct()) {
        engine_->put(key, row);
    }
    if (!live && below.moves_stream_time && environment_.context != nullptr) {
        environment_.context->dropped_expired(spec_.name);
    }
    changelog_.append_row(below.changelog_key.value_or(key.substr(segment_size_)), row, context);
    return live;
}

void StoreLayers::write_unlogged(BytesView key, const NullableBytes& row) {
    const std::size_t before = table_.cached_bytes();
    if (engine_->direct()) {
        engine_->put(key, row);
    } else {
        table_.write_through(key, row);
    }
    account(before);
}

bool StoreLayers::rename(BytesView from, BytesView to, BytesView row) {
    if (!caching() || listener_ == nullptr) {
        return false;
    }
    if (table_.walks().any()) [[unlikely]] {
        return false;  // The caller deletes and writes instead.
    }
    const std::size_t before = table_.cached_bytes();
    const bool renamed = table_.rename_cached(from, to, row, environment_.context->record());
    account(before);
    return renamed;
}

class StoreLayers::Iterator final : public BytesIterator, private Walk {
  public:
    Iterator(StoreLayers& layers, KeyRange range, RowOrder order)
        : Walk(layers.table_.walks()),
          layers_(layers),
          rows_(layers.table_, *layers.engine_, std::move(range), order, *this) {}

    bool valid() const override { return rows_.valid(); }
    void next() override { rows_.next(); }
    BytesView key() const override { return rows_.key(); }
    BytesView value() const override { return rows_.value(); }

  private:
    bool ahead(BytesView key) const override { return rows_.ahead(key); }
    bool sees(const MemtableEntry& entry) const override { return layers_.readable(entry); }

    StoreLayers& layers_;
    MergingIterator rows_;
};

std::unique_ptr<BytesIterator> StoreLayers::iterate(KeyRange range, RowOrder order) {
    return std::make_unique<Iterator>(*this, std::move(range), order);
}

std::uint64_t StoreLayers::approximate_num_entries() {
    const std::uint64_t count = engine_->approximate_num_entries();
    const std::vector<Memtable::Entry*>& uncommitted = table_.uncommitted();
    // Engines on disk estimate. A sample of the uncommitted rows is accurate enough in comparison.
    constexpr std::size_t kSample = 512;
    const std::size_t step = engine_->persistent() ? uncommitted.size() / kSample + 1 : 1;
    std::int64_t change = 0;
    for (std::size_t at = 0; at < uncommitted.size(); at += step) {
        const bool stored = engine_->get(uncommitted[at]->key()).has_value();
        const bool exists = uncommitted[at]->below().value.has_value();
        change += static_cast<std::int64_t>(exists) - static_cast<std::int64_t>(stored);
    }
    const std::int64_t sum =
        static_cast<std::int64_t>(count) + change * static_cast<std::int64_t>(step);
    return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

// Rows of a segmented store are most likely in the last used segment.
void StoreLayers::prefetch(BytesView key) {
    table_.next_prefetch_batch();
    if (!expiry_) {
        table_.prefetch(key);
    } else if (table_.uses_groups()) {
        prefetched_group_.resize(kSegmentSize + key.size());
        write_group(expiry_->last_segment(), key, prefetched_group_.data());
        table_.prefetch_group(prefetched_group_);
    }
}

}  // namespace millrace::state
