// SPDX-License-Identifier: Apache-2.0
#include "state/stores/layered_window_store.hpp"

#include "core/check.hpp"
#include "state/format/window_key.hpp"
#include "state/stores/headers_view.hpp"
#include "state/stores/put_times.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace millrace::state {
namespace {

// As in Kafka Streams' stores in memory or with time order: start, key, sequence number.
bool earlier(BytesView a, BytesView b) {
    return std::tuple(window_start_of(a), window_key_of(a), window_sequence_of(a)) <
           std::tuple(window_start_of(b), window_key_of(b), window_sequence_of(b));
}

}  // namespace

LayeredWindowStore::LayeredWindowStore(const detail::StoreSpec& spec, std::size_t index,
                                       StoreEnvironment& environment,
                                       std::unique_ptr<Engine> engine)
    : LayeredStore(spec, index, environment, std::move(engine)) {}

void LayeredWindowStore::make_key(BytesView key, Timestamp start, std::uint32_t sequence,
                                  Bytes& out) {
    write_window_suffix(start, sequence, start_key(layers_, key, milliseconds_of(start), out));
}

// A record's windows are fetched in the order of their starts.
void LayeredWindowStore::note_start(Timestamp start) {
    if (!starts_.empty() && start <= starts_.back()) {
        starts_.swap(last_starts_);
        starts_.clear();
    }
    if (starts_.size() < PrefetchBatch::kMost) {
        starts_.push_back(start);
    }
}

// The next records are usually in the windows of the last one.
void LayeredWindowStore::prefetch(BytesView key) {
    layers_.prefetch(key);
    if (!layers_.table().uses_groups()) {
        for (const Timestamp start : last_starts_) {
            make_key(key, start, 0, prefetched_key_);
            layers_.table().prefetch(prefetched_key_);
        }
    }
}

bool LayeredWindowStore::put(BytesView key, Timestamp window_start, const NullableBytes& value) {
    return put_row(key, window_start,
                   layers_.format().row_of(value, window_start, layers_.context()));
}

bool LayeredWindowStore::put_row(BytesView key, Timestamp window_start, const NullableBytes& row) {
    check_window_start(spec(), window_start);
    if (spec().retain_duplicates) {
        return add_row(key, window_start, row);
    }
    make_key(key, window_start, 0, key_);
    return layers_.write(key_, row);
}

// Kafka Streams has separate numbers for rows and changelog: a null changes no row but is logged.
bool LayeredWindowStore::add_row(BytesView key, Timestamp window_start, const NullableBytes& row) {
    constexpr std::uint32_t kMost = 0x7fffffffU;
    sequences_.logged = (sequences_.logged + 1) & kMost;
    changelog_key_.clear();
    append_window_key(key, window_start, sequences_.logged, changelog_key_);
    if (row) {
        sequences_.row = (sequences_.row + 1) & kMost;
        make_key(key, window_start, sequences_.row, key_);
        return layers_.write(key_, row, {.changelog_key = changelog_key_});
    }
    if (layers_.expiry().rule().exact) {  // As in Kafka Streams: only stores on disk ignore nulls.
        layers_.expiry().advance(milliseconds_of(window_start));
    }
    if (layers_.context() != nullptr) {
        layers_.changelog().append_row(changelog_key_, row, layers_.context()->record());
    }
    return true;
}

NullableBytes LayeredWindowStore::fetch(BytesView key, Timestamp window_start) {
    return layers_.format().value_of([&] { return fetch_row(key, window_start); });
}

NullableBytes LayeredWindowStore::fetch_row(BytesView key, Timestamp window_start) {
    note_start(window_start);
    make_key(key, window_start, 0, key_);
    return layers_.read(key_);
}

class LayeredWindowStore::Iterator final : public SegmentedIterator<WindowBytesIterator> {
  public:
    using SegmentedIterator::SegmentedIterator;

    BytesView key() const override { return window_key_of(changelog_key()); }
    Timestamp window_start() const override { return window_start_of(changelog_key()); }
};

std::unique_ptr<WindowBytesIterator> LayeredWindowStore::fetch(BytesView key, Timestamp from,
                                                               Timestamp to, RowOrder order) {
    return fetch_range(key, key, from, to, order);
}

void LayeredWindowStore::for_each(BytesView key, Timestamp from, Timestamp to,
                                  const std::function<void(Timestamp, BytesView)>& use) {
    const auto use_row = [&](BytesView row, BytesView value) {
        use(window_start_of(row), *layers_.format().value_of(value));
    };
    if (!rows_in_memory_.for_each(key, milliseconds_of(from), milliseconds_of(to),
                                  std::cref(use_row))) {
        WindowBytesStore::for_each(key, from, to, use);
    }
}

std::unique_ptr<WindowBytesIterator> LayeredWindowStore::fetch_range(NullableBytes first,
                                                                     NullableBytes last,
                                                                     Timestamp from, Timestamp to,
                                                                     RowOrder order) {
    return find(first, last, from, to, order, Show::kValues);
}

std::unique_ptr<WindowBytesIterator> LayeredWindowStore::find(NullableBytes first,
                                                              NullableBytes last, Timestamp from,
                                                              Timestamp to, RowOrder order,
                                                              Show show) {
    SegmentedQuery query;
    if (first) {
        query.first = Bytes(*first);
    }
    if (last) {
        query.last = Bytes(*last);
    }
    query.from = milliseconds_of(from);
    query.to = milliseconds_of(to);
    query.order = order;
    const bool by_time = layers_.expiry().rule().exact ? !(first && first == last)
                                                       : spec().time_first && !first && !last;
    if (by_time) {
        query.less = earlier;
    }
    return std::make_unique<Iterator>(layers_, show, std::move(query));
}

class LayeredWindowStore::WithHeaders final
    : public HeadersView<WindowBytesStore, LayeredWindowStore> {
  public:
    using HeadersView::HeadersView;

    bool put(BytesView key, Timestamp window_start, const NullableBytes& value) override {
        return store_->put_row(key, window_start, value);
    }
    NullableBytes fetch(BytesView key, Timestamp window_start) override {
        return store_->fetch_row(key, window_start);
    }
    std::unique_ptr<WindowBytesIterator> fetch(BytesView key, Timestamp from, Timestamp to,
                                               RowOrder order) override {
        return store_->find(key, key, from, to, order, Show::kRows);
    }
    std::unique_ptr<WindowBytesIterator> fetch_range(NullableBytes first, NullableBytes last,
                                                     Timestamp from, Timestamp to,
                                                     RowOrder order) override {
        return store_->find(first, last, from, to, order, Show::kRows);
    }
};

LayeredWindowStore::~LayeredWindowStore() = default;

WindowBytesStore* LayeredWindowStore::with_headers() {
    if (layers_.format().keeps_headers() && with_headers_ == nullptr) {
        with_headers_ = std::make_unique<WithHeaders>(*this);
    }
    return with_headers_.get();
}

void LayeredWindowStore::committed() {
    LayeredStore::committed();
    committed_sequences_ = sequences_;
}

void LayeredWindowStore::roll_back() {
    LayeredStore::roll_back();
    sequences_ = committed_sequences_;
}

void LayeredWindowStore::restore(std::span<const ChangelogRecord> records) {
    const NullableBytes last = restore_rows(layers_, records);
    if (last && spec().retain_duplicates) {
        sequences_.row = sequences_.logged = window_sequence_of(*last);
        committed_sequences_ = sequences_;
    }
}

void LayeredWindowStore::clear() {
    LayeredStore::clear();
    sequences_ = {};
    committed_sequences_ = {};
}

void LayeredWindowStore::save(Bytes& out) const {
    LayeredStore::save(out);
    // From now on both continue from the larger number, so that no row and no change is
    // overwritten.
    append_big_endian(std::max(sequences_.row, sequences_.logged), kSequenceSize, out);
}

void LayeredWindowStore::load(BytesView saved) {
    MILLRACE_CHECK(saved.size() == kWindowSuffixSize);
    LayeredStore::load(saved);
    sequences_.row = static_cast<std::uint32_t>(read_big_endian(saved.substr(kTimeSize)));
    sequences_.logged = sequences_.row;
    committed_sequences_ = sequences_;
}

}  // namespace millrace::state
