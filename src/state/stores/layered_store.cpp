// SPDX-License-Identifier: Apache-2.0
#include "state/stores/layered_store.hpp"

#include "core/check.hpp"
#include "millrace/detail/state/stored_headers.hpp"
#include "state/format/window_key.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace::state {
namespace {

constexpr std::size_t kTimestampSize = 8;

bool is_timestamped(detail::StoreKind kind) {
    return kind == detail::StoreKind::kTimestampedKeyValue ||
           kind == detail::StoreKind::kTimestampedWindow;
}

}  // namespace

LayeredStore::LayeredStore(const detail::StoreSpec& spec, std::size_t index,
                           StoreEnvironment& environment, std::unique_ptr<Engine> engine,
                           std::size_t key_prefix, std::size_t time_suffix)
    : spec_(spec),
      index_(index),
      environment_(environment),
      engine_(std::move(engine)),
      key_prefix_(key_prefix),
      // Without memory for caches there is none at all, rather than one that lets go of everything
      // at once: the two differ where a key that is not there is removed.
      caching_(spec.caching && !spec.retain_duplicates && environment.cache->enabled()),
      timestamped_(is_timestamped(spec.kind)),
      table_(time_suffix),
      adds_time_(spec.kind == detail::StoreKind::kWindow &&
                 spec.headers == detail::StoredHeaders::kOfRecordIfAsked) {
    join_cache();
}

LayeredStore::~LayeredStore() = default;

ThreadCache::Share& LayeredStore::share() const {
    return caching() ? environment_.cache->written() : environment_.cache->read();
}

// Without a record cache, rows read or committed stay in memory all the same when that saves reads
// from disk.
bool LayeredStore::keeps_rows() const {
    return !caching() && environment_.cache->enabled() && engine_->persistent() &&
           !engine_->direct();
}

NullableBytes LayeredStore::read_below(BytesView key) {
    if (!readable(key) || table_.covers(key)) {
        return std::nullopt;
    }
    const NullableBytes value = engine_->get(key);
    // Kafka Streams' cached key-value stores keep what they read, its window stores do not.
    const bool keep = caching() ? key_prefix_ == 0 && environment_.cache->enabled() : keeps_rows();
    if (!value || !keep || flushing_) {
        return value;
    }
    const std::size_t before = table_.cached_bytes();
    table_.remember(key, value);
    table_changed(before);
    const RecordTable::Entry* entry = table_.find(key);
    return entry != nullptr ? entry->value() : engine_->get(key);
}

// Before a row changes.
void LayeredStore::keep_for_walks(BytesView key) {
    if (engine_->direct()) {  // Reading may change those.
        return;
    }
    table_.walks().for_each([&](Walk& walk) {
        if (!walk.needs(key)) {
            return;
        }
        if (const RecordTable::Entry* entry = table_.find(key)) {
            walk.keep(*entry);
        } else {
            walk.keep(key, table_.covers(key) ? std::nullopt : engine_->get(key), false);
        }
    });
}

// Copies, as both may be views that end when the engine is read.
void LayeredStore::write_during_walk(BytesView key, const NullableBytes& value) {
    const Bytes own_key(key);
    const Bytes own_value(value.value_or(BytesView()));
    keep_for_walks(own_key);
    write_now(own_key, value ? NullableBytes(own_value) : std::nullopt);
}

void LayeredStore::write(BytesView key, const NullableBytes& value) {
    if (table_.walks().any()) [[unlikely]] {
        write_during_walk(key, value);
    } else {
        write_now(key, value);
    }
}

void LayeredStore::write_now(BytesView key, const NullableBytes& value) {
    MILLRACE_CHECK(environment_.context != nullptr || !environment_.processing);
    const std::size_t before = table_.cached_bytes();
    if (caching()) {
        // When somebody listens, removals of what is not there are no news.
        const bool listened = listener_ != nullptr;
        table_.write_cached(
            key, value, environment_.context->record(),
            {.keep_before = send_old_values_ || (listened && !value), .forget_unseen = listened});
    } else {
        static const detail::RecordContext none;
        const detail::RecordContext& context =
            environment_.context != nullptr ? environment_.context->record() : none;
        if (write_below(key, value, context) && !engine_->direct()) {
            table_.write_through(key, value);
        }
    }
    table_changed(before);
}

bool LayeredStore::rename(BytesView from, BytesView to, BytesView value) {
    if (!caching() || listener_ == nullptr) {
        return false;
    }
    if (table_.walks().any()) [[unlikely]] {
        return false;  // The caller removes and writes instead.
    }
    const std::size_t before = table_.cached_bytes();
    const bool renamed = table_.rename_cached(from, to, value, environment_.context->record());
    table_changed(before);
    return renamed;
}

// Does all of a write below the cache but keeping the row in the table. False when it is not kept.
bool LayeredStore::write_below(BytesView key, const NullableBytes& value,
                               const detail::RecordContext& context) {
    const bool live = accept(key);
    if (live && engine_->direct()) {
        engine_->put(key, value);
    }
    log(key, value, context);
    return live;
}

void LayeredStore::store_row(BytesView key, const NullableBytes& value) {
    const std::size_t before = table_.cached_bytes();
    if (engine_->direct()) {
        engine_->put(key, value);
    } else {
        table_.write_through(key, value);
    }
    table_changed(before);
}

bool LayeredStore::logs() const {
    return spec_.logging && spec_.source_topic.empty() && environment_.processing;
}

void LayeredStore::log_as_is(BytesView key, const NullableBytes& value,
                             std::optional<Timestamp> timestamp, const Headers* headers) {
    if (logs()) {
        environment_.context->log_change(index_, key, value, timestamp, headers);
    }
}

void LayeredStore::log(BytesView key, const NullableBytes& value,
                       const detail::RecordContext& context) {
    if (!logs()) {
        return;
    }
    std::optional<Timestamp> timestamp;
    if (spec_.log_timestamps) {
        timestamp = context.timestamp;
    }
    const bool of_record = spec_.log_headers || spec_.retain_duplicates || keeps_headers();
    const Headers* headers = of_record ? context.headers : nullptr;
    NullableBytes logged = value;
    if (keeps_headers() && logged) {
        logged_headers_.clear();
        detail::read_stored_headers(detail::take_stored_headers(*logged), logged_headers_);
        headers = &logged_headers_;
        logged->remove_prefix(adds_time_ ? kTimestampSize : 0);
    }
    if (timestamped_ && logged) {
        MILLRACE_CHECK(logged->size() >= kTimestampSize);
        timestamp = read_timestamp(logged->substr(0, kTimestampSize));
        logged->remove_prefix(kTimestampSize);
    }
    environment_.context->log_change(index_, logged_key(key), logged, timestamp, headers);
}

void LayeredStore::table_changed(std::size_t cached_before) {
    if (table_.cached_bytes() == cached_before) [[likely]] {
        return;
    }
    share().change(cached_before, table_.cached_bytes());
    shrink_cache();
}

void LayeredStore::shrink_cache() {
    while (must_let_go() && evict_one()) {
    }
}

bool LayeredStore::must_let_go() const {
    const ThreadCache& cache = *environment_.cache;
    return caching() ? cache.over(cache.written())
                     : cache.over(cache.read(), table_.cached_bytes());
}

bool LayeredStore::evict_one() {
    RecordTable::Entry* entry = table_.victim();
    if (entry == nullptr || (entry->unforwarded() && flushing_)) {
        return false;
    }
    if (entry->unforwarded()) {
        flush_from(entry);
        return true;
    }
    const std::size_t before = table_.cached_bytes();
    table_.uncache(*entry);
    share().change(before, table_.cached_bytes());
    return true;
}

void LayeredStore::flush() {
    if (table_.has_unforwarded() || table_.flushing()) {
        flush_from(nullptr);
    }
}

void LayeredStore::forget_flushed() {
    const std::size_t before = table_.cached_bytes();
    for (RecordTable::Entry* entry = table_.victim(); entry != nullptr && !entry->unforwarded();
         entry = table_.victim()) {
        table_.uncache(*entry);
    }
    share().change(before, table_.cached_bytes());
}

// As in Kafka Streams, one dirty entry that must go takes all others of the store with it.
void LayeredStore::flush_from(RecordTable::Entry* first) {
    MILLRACE_CHECK(!flushing_);
    struct Guard {
        bool& flag;
        explicit Guard(bool& which) : flag(which) { flag = true; }
        ~Guard() { flag = false; }
    } guard(flushing_);

    table_.begin_flush(first);
    bool evicted = first != nullptr;
    while (RecordTable::Entry* entry = table_.next_pending()) {
        let_go(*entry, evicted);
        evicted = false;
    }
}

void LayeredStore::let_go(RecordTable::Entry& entry, bool evicted) {
    const std::size_t before = table_.cached_bytes();
    const NullableBytes value = entry.value();
    const detail::RecordContext context = table_.context_of(entry);
    NullableBytes old_value;
    bool skip = false;
    if (listener_ != nullptr) {
        if (!value || send_old_values_) {
            if (readable(entry.key())) {
                const RecordTable::Entry::Below below = entry.below();
                old_value = below.known ? below.value : engine_->get(entry.key());
            }
            skip = !value && !old_value;
        }
        letting_.key.assign(entry.key().substr(key_prefix_));
        letting_.value.assign(without_headers(value).value_or(BytesView{}));
        letting_.old_value.assign(without_headers(old_value).value_or(BytesView{}));
        // As in Kafka Streams: results of sessions have the headers that are kept, which are none.
        const bool of_row = keeps_headers() && spec_.kind == detail::StoreKind::kSession;
        if (context.headers != nullptr && !of_row) {
            letting_.headers = *context.headers;
        } else {
            letting_.headers.clear();
        }
    }
    const bool has_value = value.has_value();
    const bool has_old = send_old_values_ && old_value.has_value();

    const bool live = !skip && write_below(entry.key(), value, context);
    table_.settle(entry, live && !engine_->direct(), !evicted && has_value);
    share().change(before, table_.cached_bytes());
    if (listener_ != nullptr && !skip) {
        tell_listener(letting_, has_value, has_old, context);
    }
}

void LayeredStore::tell_listener(const Letting& letting, bool has_value, bool has_old,
                                 detail::RecordContext context) {
    context.headers = letting.headers.empty() ? nullptr : &letting.headers;
    listener_->on_flush(letting.key, has_value ? NullableBytes(letting.value) : std::nullopt,
                        has_old ? NullableBytes(letting.old_value) : std::nullopt, context);
}

void LayeredStore::store_changes() {
    const std::vector<RecordTable::Entry*>& unstored = table_.unstored();
    std::vector<SortedEntry> changed;
    changed.reserve(unstored.size());
    const std::size_t before = table_.cached_bytes();
    for (std::size_t at = 0; at < unstored.size(); ++at) {
        prefetch_ahead(unstored, at);
        RecordTable::Entry* entry = unstored[at];
        if (worth_storing(entry->key())) {
            changed.emplace_back(entry);
        } else if (!caching()) {
            table_.uncache(*entry);  // Nor is it read.
        }
    }
    share().change(before, table_.cached_bytes());
    // Sorted, as engines take that several times faster.
    std::sort(changed.begin(), changed.end(), EntryLess{});
    for (std::size_t at = 0; at < changed.size(); ++at) {
        prefetch_ahead(changed, at);
        engine_->put(changed[at]->key(), changed[at]->below().value);
    }
}

void LayeredStore::committed() {
    const std::size_t before = table_.cached_bytes();
    using Stored = RecordTable::Stored;
    const bool keeps = keeps_rows();
    table_.mark_stored([this, keeps](const RecordTable::Entry& entry) {
        if (!worth_storing(entry.key())) {
            return Stored::kNot;
        }
        return keeps ? Stored::kIsCached : Stored::kLeaves;
    });
    engine_->commit();
    share().change(before, table_.cached_bytes());
    if (keeps) {
        shrink_cache();
    }
}

void LayeredStore::roll_back() {
    const std::size_t before = table_.cached_bytes();
    if (key_prefix_ == 0) {
        table_.roll_back();
    } else {
        table_.clear();  // Its clean rows may have come too late for a time that is taken back.
    }
    engine_->roll_back();
    share().change(before, table_.cached_bytes());
}

void LayeredStore::clear() {
    share().change(table_.cached_bytes(), 0);
    table_.clear();
    engine_->clear();
}

void LayeredStore::leave_cache() {
    share().leave(table_.cached_bytes());
}

void LayeredStore::join_cache() {
    share().join(table_.cached_bytes());
}

class LayeredStore::Iterator final : public BytesIterator, private Walk {
  public:
    Iterator(LayeredStore& store, KeyRange range, RowOrder order)
        : Walk(store.table_.walks()),
          store_(&store),
          rows_(store.table_, *store.engine_, std::move(range), order, *this) {}

    bool valid() const override { return rows_.valid(); }
    void next() override { rows_.next(); }
    BytesView key() const override { return rows_.key(); }
    BytesView value() const override { return rows_.value(); }

  private:
    bool ahead(BytesView key) const override { return rows_.ahead(key); }
    bool sees(const RecordEntry& entry) const override { return store_->visible(entry); }

    LayeredStore* store_;
    MergingIterator rows_;
};

std::unique_ptr<BytesIterator> LayeredStore::iterate(KeyRange range, RowOrder order) {
    return std::make_unique<Iterator>(*this, std::move(range), order);
}

std::uint64_t LayeredStore::count_entries() {
    const std::uint64_t count = engine_->approximate_entries();
    const std::vector<RecordTable::Entry*>& unstored = table_.unstored();
    // Engines on disk estimate. A sample of what waits for the commit is good enough beside that.
    constexpr std::size_t kSample = 512;
    const std::size_t step = engine_->persistent() ? unstored.size() / kSample + 1 : 1;
    std::int64_t change = 0;
    for (std::size_t at = 0; at < unstored.size(); at += step) {
        const bool stored = engine_->get(unstored[at]->key()).has_value();
        const bool exists = unstored[at]->below().value.has_value();
        change += static_cast<std::int64_t>(exists) - static_cast<std::int64_t>(stored);
    }
    const std::int64_t sum =
        static_cast<std::int64_t>(count) + change * static_cast<std::int64_t>(step);
    return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

bool LayeredStore::listen(detail::FlushListener* listener, bool send_old_values) {
    if (!caching_) {
        return false;
    }
    listener_ = listener;
    send_old_values_ = send_old_values;
    return true;
}

BytesView LayeredStore::put_headers(BytesView value, Timestamp time) {
    static const Headers no_headers;
    const Headers* headers = nullptr;
    if (spec_.headers == detail::StoredHeaders::kOfRecordIfAsked &&
        environment_.context != nullptr) {
        headers = environment_.context->record().headers;
    }
    row_.clear();
    detail::append_stored_headers(headers != nullptr ? *headers : no_headers, row_);
    if (adds_time_) {
        append_timestamp(time, row_);
    }
    return row_.append(value);
}

BytesView LayeredStore::take_headers(BytesView row) const {
    detail::take_stored_headers(row);
    row.remove_prefix(adds_time_ ? kTimestampSize : 0);
    return row;
}

NullableBytes LayeredStore::stored_value(const ChangelogRecord& record) {
    if (!record.value || !(timestamped_ || keeps_headers())) {
        return record.value;
    }
    restored_value_.clear();
    if (keeps_headers()) {
        static const Headers no_headers;
        detail::append_stored_headers(record.headers != nullptr ? *record.headers : no_headers,
                                      restored_value_);
    }
    if (timestamped_ || adds_time_) {
        append_timestamp(record.timestamp, restored_value_);
    }
    restored_value_.append(*record.value);
    return BytesView(restored_value_);
}

}  // namespace millrace::state
