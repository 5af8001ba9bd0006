// SPDX-License-Identifier: Apache-2.0
#include "state/stores/layered_session_store.hpp"

#include "millrace/core/error.hpp"
#include "state/format/window_key.hpp"
#include "state/stores/headers_view.hpp"
#include "state/stores/put_times.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace millrace::state {
namespace {

// Kafka Streams' order in memory: end, key, latest start first.
bool earlier_in_memory(BytesView a, BytesView b) {
    const SessionWindow one = session_of(a);
    const SessionWindow other = session_of(b);
    return std::tuple(one.end, session_key_of(a), other.start) <
           std::tuple(other.end, session_key_of(b), one.start);
}

// And that of its stores on disk with time order: end, start, key.
bool earlier_on_disk(BytesView a, BytesView b) {
    const SessionWindow one = session_of(a);
    const SessionWindow other = session_of(b);
    return std::tuple(one.end, one.start, session_key_of(a)) <
           std::tuple(other.end, other.start, session_key_of(b));
}

}  // namespace

LayeredSessionStore::LayeredSessionStore(const detail::StoreSpec& spec, std::size_t index,
                                         StoreEnvironment& environment,
                                         std::unique_ptr<Engine> engine)
    : LayeredStore(spec, index, environment, std::move(engine)) {}

BytesView LayeredSessionStore::make_key(BytesView key, SessionWindow session, Bytes& out) {
    write_session_suffix(session, start_key(layers_, key, milliseconds_of(session.end), out));
    return out;
}

// A bug of Kafka Streams' cache in front of a store on disk: to iterate backwards over one key, it
// searches the end of the last segment among the ends that were put since it was opened, and
// returns no session there that ends after the latest requested start.
std::int64_t LayeredSessionStore::last_end_of_cache(Timestamp latest_start) const {
    const std::int64_t last = std::min(milliseconds_of(latest_start), latest_end_ms_);
    if (last < 0) {
        throw StateError("store " + spec().name +
                         ": Kafka Streams cannot read sessions backwards before one was put");
    }
    const SegmentExpiry& rule = layers_.expiry().rule();
    if (rule.segment(last) != rule.segment(latest_end_ms_)) {
        throw StateError("store " + spec().name +
                         ": Kafka Streams cannot read sessions backwards from an older segment");
    }
    return last;
}

bool LayeredSessionStore::put(BytesView key, SessionWindow session, const NullableBytes& value) {
    return put_row(key, session, layers_.format().row_of(value, session.end, layers_.context()));
}

bool LayeredSessionStore::put_row(BytesView key, SessionWindow session, const NullableBytes& row,
                                  const StoreLayers::Below& below) {
    check_session(spec(), session);
    latest_end_ms_ = std::max(latest_end_ms_, milliseconds_of(session.end));
    return layers_.write(make_key(key, session, key_), row, below);
}

// As in Kafka Streams: deletions from memory do not change stream time.
void LayeredSessionStore::remove(BytesView key, SessionWindow session) {
    put_row(key, session, std::nullopt, {.moves_stream_time = !layers_.expiry().rule().exact});
}

bool LayeredSessionStore::extend(BytesView key, SessionWindow from, SessionWindow to,
                                 BytesView value) {
    check_session(spec(), to);
    if (layers_.format().keeps_headers() ||
        !layers_.rename(make_key(key, from, key_), make_key(key, to, extended_key_), value)) {
        return false;
    }
    latest_end_ms_ = std::max(latest_end_ms_, milliseconds_of(std::max(from.end, to.end)));
    return true;
}

NullableBytes LayeredSessionStore::fetch_session(BytesView key, SessionWindow session) {
    return layers_.format().value_of([&] { return fetch_row(key, session); });
}

NullableBytes LayeredSessionStore::fetch_row(BytesView key, SessionWindow session) {
    return layers_.read(make_key(key, session, key_));
}

class LayeredSessionStore::Iterator final : public SegmentedIterator<SessionBytesIterator> {
  public:
    using SegmentedIterator::SegmentedIterator;

    BytesView key() const override { return session_key_of(changelog_key()); }
    SessionWindow session() const override { return session_of(changelog_key()); }
};

std::unique_ptr<SessionBytesIterator> LayeredSessionStore::find_sessions(NullableBytes first,
                                                                         NullableBytes last,
                                                                         Timestamp earliest_end,
                                                                         Timestamp latest_start,
                                                                         RowOrder order) {
    return touching(first, last, earliest_end, latest_start, order, Show::kValues);
}

std::unique_ptr<SessionBytesIterator> LayeredSessionStore::touching(NullableBytes first,
                                                                    NullableBytes last,
                                                                    Timestamp earliest_end,
                                                                    Timestamp latest_start,
                                                                    RowOrder order, Show show) {
    SegmentedQuery query;
    if (first) {
        query.first = Bytes(*first);
    }
    if (last) {
        query.last = Bytes(*last);
    }
    query.from = milliseconds_of(earliest_end);
    query.to = milliseconds_of(Timestamp::max());
    query.order = order;
    query.wanted = [latest_start](BytesView row) { return session_of(row).start <= latest_start; };
    if (spec().reproduce_kafka_defects && order == RowOrder::kReverse && layers_.caching() &&
        persistent() && first && first == last) {
        query.wanted = [this, latest_start,
                        last_cached = last_end_of_cache(latest_start)](BytesView row) {
            const SessionWindow session = session_of(row);
            const std::int64_t end = milliseconds_of(session.end);
            return session.start <= latest_start &&
                   (end <= last_cached || layers_.expiry().readable(end));
        };
    }
    if (layers_.expiry().rule().exact) {
        query.less = earlier_in_memory;
    }
    return std::make_unique<Iterator>(layers_, show, std::move(query));
}

void LayeredSessionStore::for_each(BytesView key, Timestamp earliest_end, Timestamp latest_start,
                                   const std::function<void(SessionWindow, BytesView)>& use) {
    const auto use_row = [&](BytesView row, BytesView value) {
        const SessionWindow session = session_of(row);
        if (session.start <= latest_start) {
            use(session, *layers_.format().value_of(value));
        }
    };
    if (!rows_in_memory_.for_each(key, milliseconds_of(earliest_end),
                                  milliseconds_of(Timestamp::max()), std::cref(use_row))) {
        SessionBytesStore::for_each(key, earliest_end, latest_start, use);
    }
}

std::unique_ptr<SessionBytesIterator> LayeredSessionStore::find_ended(Timestamp from,
                                                                      Timestamp to) {
    return ended(from, to, Show::kValues);
}

std::unique_ptr<SessionBytesIterator> LayeredSessionStore::ended(Timestamp from, Timestamp to,
                                                                 Show show) {
    SegmentedQuery query;
    query.from = milliseconds_of(from);
    query.to = milliseconds_of(to);
    query.ignore_expiry = true;
    query.less = layers_.expiry().rule().exact ? earlier_in_memory : earlier_on_disk;
    return std::make_unique<Iterator>(layers_, show, std::move(query));
}

class LayeredSessionStore::WithHeaders final
    : public HeadersView<SessionBytesStore, LayeredSessionStore> {
  public:
    using HeadersView::HeadersView;

    bool put(BytesView key, SessionWindow session, const NullableBytes& value) override {
        return store_->put_row(key, session, value);
    }
    void remove(BytesView key, SessionWindow session) override { store_->remove(key, session); }
    NullableBytes fetch_session(BytesView key, SessionWindow session) override {
        return store_->fetch_row(key, session);
    }
    std::unique_ptr<SessionBytesIterator> find_sessions(NullableBytes first, NullableBytes last,
                                                        Timestamp earliest_end,
                                                        Timestamp latest_start,
                                                        RowOrder order) override {
        return store_->touching(first, last, earliest_end, latest_start, order, Show::kRows);
    }
    std::unique_ptr<SessionBytesIterator> find_ended(Timestamp from, Timestamp to) override {
        return store_->ended(from, to, Show::kRows);
    }
};

LayeredSessionStore::~LayeredSessionStore() = default;

SessionBytesStore* LayeredSessionStore::with_headers() {
    if (layers_.format().keeps_headers() && with_headers_ == nullptr) {
        with_headers_ = std::make_unique<WithHeaders>(*this);
    }
    return with_headers_.get();
}

}  // namespace millrace::state
