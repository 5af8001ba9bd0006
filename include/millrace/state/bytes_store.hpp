// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/windows/window.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace millrace {

/// The direction of a range iteration.
enum class RowOrder { kForward, kReverse };

/// Iterates over entries of a key-value store as they were when the iterator was created, even if
/// they are written or committed afterwards (custom stores: as they define). Must be destroyed
/// before the store is closed.
class BytesIterator {
  public:
    virtual ~BytesIterator() = default;
    virtual bool valid() const = 0;
    virtual void next() = 0;  ///< Requires valid().

    /// Require valid(). The views are valid until the next call of next().
    virtual BytesView key() const = 0;
    virtual BytesView value() const = 0;
};

/// Storage of a key-value store, below the serdes. Keys are ordered as unsigned bytes. In
/// timestamped stores, a value starts with an 8-byte big-endian timestamp.
///
/// Errors: StateError if the engine fails or the store is closed.
class KeyValueBytesStore : public StateStore {
  public:
    /// The view is valid until the next call of any function of this store.
    virtual NullableBytes get(BytesView key) = 0;

    /// Null deletes the key.
    virtual void put(BytesView key, const NullableBytes& value) = 0;

    /// Entries with first <= key <= last; an absent bound is open.
    virtual std::unique_ptr<BytesIterator> range(NullableBytes first, NullableBytes last,
                                                 RowOrder order) = 0;

    /// Entries whose key starts with `prefix`, ascending.
    virtual std::unique_ptr<BytesIterator> prefix_scan(BytesView prefix) = 0;

    virtual std::uint64_t approximate_num_entries() = 0;
};

/// The result of putting a version.
struct VersionPut {
    bool stored = false;  ///< False: older than the history.
    /// When the next version started; empty: this is the latest.
    std::optional<Timestamp> valid_to{};

    bool operator==(const VersionPut&) const = default;
};

/// One version of a key's value.
struct VersionedBytes {
    BytesView value{};
    Timestamp timestamp = kNoTimestamp;
    std::optional<Timestamp> valid_to{};  ///< Empty: it is the latest.
};

/// Storage of a store that keeps older values of each key (KIP-889). The history has a fixed
/// length, counted from the latest timestamp that was put; a key's latest value is kept
/// indefinitely.
class VersionedBytesStore : public StateStore {
  public:
    /// Null: deleted from then on. Versions may be put in any order; one with the same time is
    /// replaced. Nothing is stored before the history.
    virtual VersionPut put(BytesView key, const NullableBytes& value, Timestamp timestamp) = 0;

    /// The latest version; empty: there is none, or it was deleted. Views are valid until the next
    /// call of any function of this store.
    virtual std::optional<VersionedBytes> get(BytesView key) = 0;

    /// The version valid at `as_of`. Before the history: the latest, if it is that old, otherwise
    /// empty.
    virtual std::optional<VersionedBytes> get(BytesView key, Timestamp as_of) = 0;
};

/// Iterates over entries of a window store, like BytesIterator. Entries that expire in the meantime
/// may be omitted.
class WindowBytesIterator {
  public:
    virtual ~WindowBytesIterator() = default;
    virtual bool valid() const = 0;
    virtual void next() = 0;  ///< Requires valid().

    /// Require valid(). The views are valid until the next call of next().
    virtual BytesView key() const = 0;
    virtual Timestamp window_start() const = 0;
    virtual BytesView value() const = 0;
};

/// Storage of a window store: by key and window start. Rows older than the retention are not
/// visible; stream time is the largest window start that was put.
class WindowBytesStore : public StateStore {
  public:
    /// Null deletes the row (no effect if the store retains duplicates). False if the window has
    /// expired and the row was dropped.
    virtual bool put(BytesView key, Timestamp window_start, const NullableBytes& value) = 0;

    /// The view is valid until the next call of any function of this store.
    virtual NullableBytes fetch(BytesView key, Timestamp window_start) = 0;

    /// Rows of one key with from <= start <= to, by start.
    virtual std::unique_ptr<WindowBytesIterator> fetch(BytesView key, Timestamp from, Timestamp to,
                                                       RowOrder order) = 0;

    /// Like fetch() forward, but without an iterator, which may be faster: calls `use` with the
    /// start and the value of each row. The value is valid until the store is changed, which `use`
    /// may do.
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
};

/// Iterates over entries of a session store, like WindowBytesIterator.
class SessionBytesIterator {
  public:
    virtual ~SessionBytesIterator() = default;
    virtual bool valid() const = 0;
    virtual void next() = 0;  ///< Requires valid().

    /// Require valid(). The views are valid until the next call of next().
    virtual BytesView key() const = 0;
    virtual SessionWindow session() const = 0;
    virtual BytesView value() const = 0;
};

/// Storage of a session store: by key, end and start of a session. Sessions that ended more than
/// the retention before stream time, the latest end that was put, are not visible.
class SessionBytesStore : public StateStore {
  public:
    /// Null deletes the session. False if it has expired and was dropped.
    virtual bool put(BytesView key, SessionWindow session, const NullableBytes& value) = 0;

    /// Like put(key, session, null), but an expired session in memory does not count as dropped and
    /// stream time does not change.
    virtual void remove(BytesView key, SessionWindow session) = 0;

    /// Like remove(key, from) and put(key, to, value) in one step, if the deletion of `from` need
    /// not be reported, because its addition was not. Otherwise returns false without effect.
    virtual bool extend(BytesView /*key*/, SessionWindow /*from*/, SessionWindow /*to*/,
                        BytesView /*value*/) {
        return false;
    }

    /// The view is valid until the next call of any function of this store.
    virtual NullableBytes fetch_session(BytesView key, SessionWindow session) = 0;

    /// Sessions of first <= key <= last (absent: open) that end at `earliest_end` or later and
    /// start at `latest_start` or earlier. On disk by time segment, key, end and start; in memory
    /// by end, key and descending start.
    virtual std::unique_ptr<SessionBytesIterator> find_sessions(NullableBytes first,
                                                                NullableBytes last,
                                                                Timestamp earliest_end,
                                                                Timestamp latest_start,
                                                                RowOrder order) = 0;

    /// Like find_sessions() of one key, forward, without an iterator; see
    /// WindowBytesStore::for_each.
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
};

}  // namespace millrace
