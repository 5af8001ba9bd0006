// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/windows/window.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace millrace {

/// In which order a range is walked.
enum class RowOrder { kForward, kReverse };

/// Walks entries of a key-value store as they were when it was made, whatever is written or
/// committed meanwhile (stores of the user's own: as they do). Must die before the store is closed.
class BytesIterator {
  public:
    virtual ~BytesIterator() = default;
    virtual bool valid() const = 0;
    virtual void next() = 0;  ///< Requires valid().

    /// Require valid(). The views live until next() is called.
    virtual BytesView key() const = 0;
    virtual BytesView value() const = 0;
};

/// Storage of a key-value store, below the serdes. Keys are ordered as unsigned bytes. With
/// timestamped stores a value is 8 bytes big-endian timestamp, then the value.
///
/// Errors: StateError when the engine fails or the store is closed.
class KeyValueBytesStore : public StateStore {
  public:
    /// The view lives until the next call of any member of this store.
    virtual NullableBytes get(BytesView key) = 0;

    /// Null removes the key.
    virtual void put(BytesView key, const NullableBytes& value) = 0;

    /// Entries with first <= key <= last; an absent bound is open.
    virtual std::unique_ptr<BytesIterator> range(NullableBytes first, NullableBytes last,
                                                 RowOrder order) = 0;

    /// Entries whose key begins with `prefix`, ascending.
    virtual std::unique_ptr<BytesIterator> prefix_scan(BytesView prefix) = 0;

    virtual std::uint64_t approximate_entries() = 0;

    /// The same store with the headers in front of each value (docs/formats/stored-headers.md);
    /// null when it keeps none. Through this face here, values come without, and what is put has
    /// the headers that the store was made to keep: none, or those of the record at hand.
    virtual KeyValueBytesStore* with_headers() { return nullptr; }

    /// Sends what the cache lets go of to `listener` and returns true; false when the store has no
    /// cache, and the caller must forward by itself.
    virtual bool set_flush_listener(detail::FlushListener* listener, bool send_old_values) = 0;
};

/// What became of a version that was put.
struct VersionPut {
    bool stored = false;                  ///< False: older than the history.
    std::optional<Timestamp> valid_to{};  ///< When the next version began; nothing: this is the
                                          ///< latest.

    bool operator==(const VersionPut&) const = default;
};

/// One version of a key's value.
struct VersionedBytes {
    BytesView value{};
    Timestamp timestamp = kNoTimestamp;
    std::optional<Timestamp> valid_to{};  ///< Nothing: it is the latest.
};

/// Storage of a store that keeps older values of each key (KIP-889). The history reaches back a
/// fixed time from the latest timestamp put; a key's latest value stays for ever.
class VersionedBytesStore : public StateStore {
  public:
    /// Null: removed from then on. Versions may be put in any order; one of the same time is
    /// replaced. Nothing is stored before the history.
    virtual VersionPut put(BytesView key, const NullableBytes& value, Timestamp timestamp) = 0;

    /// The latest; nothing: there is none, or it was removed. Views live until the next call of any
    /// member of this store.
    virtual std::optional<VersionedBytes> get(BytesView key) = 0;

    /// The version valid at `as_of`; before the history: the latest, if it is as old as that, else
    /// nothing.
    virtual std::optional<VersionedBytes> get(BytesView key, Timestamp as_of) = 0;
};

/// Walks entries of a window store, as BytesIterator. Those that expire meanwhile may be left out.
class WindowBytesIterator {
  public:
    virtual ~WindowBytesIterator() = default;
    virtual bool valid() const = 0;
    virtual void next() = 0;  ///< Requires valid().

    /// Require valid(). The views live until next() is called.
    virtual BytesView key() const = 0;
    virtual Timestamp window_start() const = 0;
    virtual BytesView value() const = 0;
};

/// Storage of a window store: by key and window start. Rows older than the retention are not seen;
/// stream time is the largest window start put so far.
class WindowBytesStore : public StateStore {
  public:
    /// Null removes the row (does nothing when the store retains duplicates). False when the window
    /// has expired and the row was dropped.
    virtual bool put(BytesView key, Timestamp window_start, const NullableBytes& value) = 0;

    /// The view lives until the next call of any member of this store.
    virtual NullableBytes fetch(BytesView key, Timestamp window_start) = 0;

    /// Rows of one key with from <= start <= to, by start.
    virtual std::unique_ptr<WindowBytesIterator> fetch(BytesView key, Timestamp from, Timestamp to,
                                                       RowOrder order) = 0;

    /// As fetch() forward, without an iterator, which a store may do faster: `use` is given the
    /// start and the value of each row. The value lives until the store is changed, which `use` may
    /// do.
    virtual void for_each(BytesView key, Timestamp from, Timestamp to,
                          const std::function<void(Timestamp, BytesView)>& use) {
        for (const auto row = fetch(key, from, to, RowOrder::kForward); row->valid(); row->next()) {
            use(row->window_start(), row->value());
        }
    }

    /// Rows of first <= key <= last (absent: open) and from <= start <= to.
    virtual std::unique_ptr<WindowBytesIterator> fetch_range(NullableBytes first,
                                                             NullableBytes last, Timestamp from,
                                                             Timestamp to, RowOrder order) = 0;

    /// As KeyValueBytesStore::with_headers.
    virtual WindowBytesStore* with_headers() { return nullptr; }

    /// As KeyValueBytesStore::set_flush_listener; keys are key bytes, 8 bytes window start and 4
    /// bytes sequence number.
    virtual bool set_flush_listener(detail::FlushListener* listener, bool send_old_values) = 0;
};

/// Walks entries of a session store, as WindowBytesIterator.
class SessionBytesIterator {
  public:
    virtual ~SessionBytesIterator() = default;
    virtual bool valid() const = 0;
    virtual void next() = 0;  ///< Requires valid().

    /// Require valid(). The views live until next() is called.
    virtual BytesView key() const = 0;
    virtual SessionWindow session() const = 0;
    virtual BytesView value() const = 0;
};

/// Storage of a session store: by key, end and start of a session. Sessions that ended longer ago
/// than the retention are not seen; stream time is the latest end put so far.
class SessionBytesStore : public StateStore {
  public:
    /// Null removes the session. False when it has expired and was dropped.
    virtual bool put(BytesView key, SessionWindow session, const NullableBytes& value) = 0;

    /// As put(key, session, null), but a session in memory that has expired does not count as
    /// dropped and stream time stays.
    virtual void remove(BytesView key, SessionWindow session) = 0;

    /// As remove(key, from) and put(key, to, value), at once, where nobody need be told that `from`
    /// is gone, since nobody was told that it came. Otherwise false, and nothing is done.
    virtual bool extend(BytesView /*key*/, SessionWindow /*from*/, SessionWindow /*to*/,
                        BytesView /*value*/) {
        return false;
    }

    /// The view lives until the next call of any member of this store.
    virtual NullableBytes fetch_session(BytesView key, SessionWindow session) = 0;

    /// Sessions of first <= key <= last (absent: open) that end at `earliest_end` or later and
    /// start at `latest_start` or earlier. On disk by segment of time, key, end and start; in
    /// memory by end, key and start, of which the latest comes first.
    virtual std::unique_ptr<SessionBytesIterator> find_sessions(NullableBytes first,
                                                                NullableBytes last,
                                                                Timestamp earliest_end,
                                                                Timestamp latest_start,
                                                                RowOrder order) = 0;

    /// As find_sessions() of one key, forward, without an iterator; see WindowBytesStore::for_each.
    virtual void for_each(BytesView key, Timestamp earliest_end, Timestamp latest_start,
                          const std::function<void(SessionWindow, BytesView)>& use) {
        for (const auto row =
                 find_sessions(key, key, earliest_end, latest_start, RowOrder::kForward);
             row->valid(); row->next()) {
            use(row->session(), row->value());
        }
    }

    /// Sessions of all keys with from <= end <= to, by end.
    virtual std::unique_ptr<SessionBytesIterator> find_ended(Timestamp from, Timestamp to) = 0;

    /// As KeyValueBytesStore::with_headers.
    virtual SessionBytesStore* with_headers() { return nullptr; }

    /// As KeyValueBytesStore::set_flush_listener; keys are key bytes, 8 bytes end and 8 bytes start
    /// of the session.
    virtual bool set_flush_listener(detail::FlushListener* listener, bool send_old_values) = 0;
};

}  // namespace millrace
