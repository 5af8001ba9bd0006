// SPDX-License-Identifier: Apache-2.0
#include "state/stores/layered_window_store.hpp"

#include "core/check.hpp"
#include "state/format/window_key.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace millrace::state {
namespace {

// As in Kafka Streams' stores in memory or kept by time: start, key, sequence number.
bool earlier(BytesView a, BytesView b) {
    return std::tuple(window_start_of(a), window_key_of(a), window_sequence_of(a)) <
           std::tuple(window_start_of(b), window_key_of(b), window_sequence_of(b));
}

}  // namespace

LayeredWindowStore::LayeredWindowStore(const detail::StoreSpec& spec, std::size_t index,
                                       StoreEnvironment& environment,
                                       std::unique_ptr<Engine> engine)
    : LayeredSegmentedStore(spec, index, environment, std::move(engine), kWindowSuffixSize) {}

void LayeredWindowStore::make_key(BytesView key, Timestamp start, std::uint32_t sequence,
                                  Bytes& out) {
    write_window_suffix(start, sequence, start_key(key, milliseconds_of(start), out));
}

// A record's windows are fetched in the order of their starts.
void LayeredWindowStore::note_start(Timestamp start) {
    if (!starts_.empty() && start <= starts_.back()) {
        starts_.swap(last_starts_);
        starts_.clear();
    }
    if (starts_.size() < HintRound::kMost) {
        starts_.push_back(start);
    }
}

// The next records mostly fall into the windows of the last one.
void LayeredWindowStore::expect(BytesView key) {
    LayeredSegmentedStore::expect(key);
    if (!table().uses_groups()) {
        for (const Timestamp start : last_starts_) {
            make_key(key, start, 0, expected_);
            table().expect(expected_);
        }
    }
}

bool LayeredWindowStore::put(BytesView key, Timestamp window_start, const NullableBytes& value) {
    return keeps_headers() ? put_row(key, window_start, headed_row(value, window_start))
                           : put_row(key, window_start, value);
}

bool LayeredWindowStore::put_row(BytesView key, Timestamp window_start,
                                 const NullableBytes& value) {
    if (spec().retain_duplicates) {
        // Kafka Streams numbers the rows and their changelog apart: a null changes no row but is
        // logged.
        sequences_.logged = (sequences_.logged + 1) & 0x7fffffffU;
        logged_key_.resize(key.size() + kWindowSuffixSize);
        key.copy(logged_key_.data(), key.size());
        write_window_suffix(window_start, sequences_.logged, logged_key_.data() + key.size());
        if (!value) {
            if (expiry().exact) {  // As in Kafka Streams, where only stores on disk ignore it.
                notice_time(milliseconds_of(window_start));
            }
            if (environment().context != nullptr) {
                log(logged_key_, value, environment().context->record());
            }
            return true;
        }
        sequences_.row = (sequences_.row + 1) & 0x7fffffffU;
    }
    make_key(key, window_start, sequences_.row, key_);
    return write_row(key_, value);
}

BytesView LayeredWindowStore::logged_key(BytesView table_key) const {
    return spec().retain_duplicates ? BytesView(logged_key_) : LayeredStore::logged_key(table_key);
}

NullableBytes LayeredWindowStore::fetch(BytesView key, Timestamp window_start) {
    return keeps_headers() ? without_headers(fetch_row(key, window_start))
                           : fetch_row(key, window_start);
}

NullableBytes LayeredWindowStore::fetch_row(BytesView key, Timestamp window_start) {
    note_start(window_start);
    make_key(key, window_start, 0, key_);
    return read(key_);
}

class LayeredWindowStore::Iterator final : public WindowBytesIterator {
  public:
    Iterator(LayeredWindowStore& store, Show show, Query query)
        : store_(&store), show_(show), rows_(store, std::move(query)) {}

    bool valid() const override { return rows_.valid(); }
    void next() override { rows_.next(); }
    BytesView key() const override { return window_key_of(rows_.key()); }
    Timestamp window_start() const override { return window_start_of(rows_.key()); }
    BytesView value() const override {
        return show_ == Show::kRows ? rows_.value() : *store_->without_headers(rows_.value());
    }

  private:
    const LayeredWindowStore* store_;
    Show show_;
    Rows rows_;
};

std::unique_ptr<WindowBytesIterator> LayeredWindowStore::fetch(BytesView key, Timestamp from,
                                                               Timestamp to, RowOrder order) {
    return fetch_range(key, key, from, to, order);
}

void LayeredWindowStore::for_each(BytesView key, Timestamp from, Timestamp to,
                                  const std::function<void(Timestamp, BytesView)>& use) {
    const auto use_row = [&](BytesView row, BytesView value) {
        use(window_start_of(row), *without_headers(value));
    };
    if (!for_each_in_memory(key, milliseconds_of(from), milliseconds_of(to), std::cref(use_row))) {
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
    Query query;
    if (first) {
        query.first = Bytes(*first);
    }
    if (last) {
        query.last = Bytes(*last);
    }
    query.from = milliseconds_of(from);
    query.to = milliseconds_of(to);
    query.order = order;
    const bool by_time =
        expiry().exact ? !(first && first == last) : spec().time_first && !first && !last;
    if (by_time) {
        query.less = earlier;
    }
    return std::make_unique<Iterator>(*this, show, std::move(query));
}

class LayeredWindowStore::WithHeaders final : public WindowBytesStore {
  public:
    explicit WithHeaders(LayeredWindowStore& store) : store_(&store) {}

    const std::string& name() const override { return store_->name(); }
    bool persistent() const override { return store_->persistent(); }
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
    WindowBytesStore* with_headers() override { return this; }
    bool set_flush_listener(detail::FlushListener*, bool) override { return false; }

  private:
    LayeredWindowStore* store_;
};

LayeredWindowStore::~LayeredWindowStore() = default;

WindowBytesStore* LayeredWindowStore::with_headers() {
    if (keeps_headers() && with_headers_ == nullptr) {
        with_headers_ = std::make_unique<WithHeaders>(*this);
    }
    return with_headers_.get();
}

void LayeredWindowStore::committed() {
    LayeredSegmentedStore::committed();
    committed_sequences_ = sequences_;
}

void LayeredWindowStore::roll_back() {
    LayeredSegmentedStore::roll_back();
    sequences_ = committed_sequences_;
}

void LayeredWindowStore::row_restored(BytesView changelog_key) {
    if (spec().retain_duplicates) {
        sequences_.row = sequences_.logged = window_sequence_of(changelog_key);
        committed_sequences_ = sequences_;
    }
}

void LayeredWindowStore::clear() {
    LayeredSegmentedStore::clear();
    sequences_ = {};
    committed_sequences_ = {};
}

void LayeredWindowStore::save(Bytes& out) const {
    LayeredSegmentedStore::save(out);
    // From here on both go on from the larger one, so that no row and no change is overwritten.
    append_big_endian(std::max(sequences_.row, sequences_.logged), kSequenceSize, out);
}

void LayeredWindowStore::load(BytesView saved) {
    MILLRACE_CHECK(saved.size() == kWindowSuffixSize);
    LayeredSegmentedStore::load(saved);
    sequences_.row = static_cast<std::uint32_t>(read_big_endian(saved.substr(kStartSize)));
    sequences_.logged = sequences_.row;
    committed_sequences_ = sequences_;
}

}  // namespace millrace::state
