// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/check.hpp"
#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/serde/times.hpp"
#include "millrace/windows/window.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace::state {

/// Keys of window stores, docs/formats/window-key.md:
///
///     changelog    key, 8 bytes window start, 4 bytes sequence number
///     in a store   8 bytes segment, then the changelog's key
///
/// all numbers big-endian.
using detail::kTimeSize;
inline constexpr std::size_t kSegmentSize = 8;
inline constexpr std::size_t kSequenceSize = 4;
inline constexpr std::size_t kWindowSuffixSize = kTimeSize + kSequenceSize;

/// Appends the last `size` bytes, 4 or 8, of `value`.
inline void append_big_endian(std::uint64_t value, std::size_t size, Bytes& out) {
    if (size == sizeof(std::uint64_t)) {
        detail::append_big_endian(value, out);
    } else {
        detail::append_big_endian(static_cast<std::uint32_t>(value), out);
    }
}

/// Throws InternalError unless there are 4 or 8 bytes.
inline std::uint64_t read_big_endian(BytesView bytes) {
    if (bytes.size() == sizeof(std::uint64_t)) {
        return detail::read_big_endian<std::uint64_t>(bytes.data());
    }
    MILLRACE_CHECK(bytes.size() == sizeof(std::uint32_t));
    return detail::read_big_endian<std::uint32_t>(bytes.data());
}

/// Throws InternalError unless kTimeSize bytes are at `position`.
inline Timestamp read_time(BytesView bytes, std::size_t position) {
    MILLRACE_CHECK(bytes.size() >= kTimeSize && position <= bytes.size() - kTimeSize);
    return detail::time_at(bytes, position);
}

/// The time at the start of the last `suffix_size` bytes of a key, in milliseconds: a window's
/// start, a session's end.
inline std::int64_t suffix_time_of(BytesView key, std::size_t suffix_size) {
    return milliseconds_of(read_time(key, key.size() - suffix_size));
}

/// The parts of a changelog key. Requires size() >= kWindowSuffixSize.
inline BytesView window_key_of(BytesView changelog_key) {
    return changelog_key.substr(0, changelog_key.size() - kWindowSuffixSize);
}
inline Timestamp window_start_of(BytesView changelog_key) {
    return read_time(changelog_key, changelog_key.size() - kWindowSuffixSize);
}
inline std::uint32_t window_sequence_of(BytesView changelog_key) {
    return static_cast<std::uint32_t>(
        read_big_endian(changelog_key.substr(changelog_key.size() - kSequenceSize)));
}

/// Writes the kWindowSuffixSize bytes after the key.
inline void write_window_suffix(Timestamp start, std::uint32_t sequence, char* out) {
    detail::write_time(start, out);
    detail::write_big_endian(sequence, out + kTimeSize);
}

inline void append_window_key(BytesView key, Timestamp start, std::uint32_t sequence, Bytes& out) {
    out.append(key);
    out.resize(out.size() + kWindowSuffixSize);
    write_window_suffix(start, sequence, out.data() + out.size() - kWindowSuffixSize);
}

/// Writes the segment and `key`: the common prefix of the keys, in a store, of all rows of `key` in
/// that segment. Returns the position after it.
inline char* write_group(std::int64_t segment, BytesView key, char* to) {
    detail::write_big_endian(segment, to);
    key.copy(to + kSegmentSize, key.size());
    return to + kSegmentSize + key.size();
}

inline void append_segment(std::int64_t segment, Bytes& out) {
    append_big_endian(static_cast<std::uint64_t>(segment), kSegmentSize, out);
}

/// Keys of session stores, docs/formats/session-key.md: in the changelog, the key, 8 bytes end and
/// 8 bytes start of the session; in a store, prefixed by the segment of the end.
inline constexpr std::size_t kSessionSuffixSize = 2 * kTimeSize;

/// Require size() >= kSessionSuffixSize.
inline BytesView session_key_of(BytesView changelog_key) {
    return changelog_key.substr(0, changelog_key.size() - kSessionSuffixSize);
}
inline SessionWindow session_of(BytesView changelog_key) {
    const std::size_t end = changelog_key.size() - kSessionSuffixSize;
    return {read_time(changelog_key, end + kTimeSize), read_time(changelog_key, end)};
}

/// Writes the kSessionSuffixSize bytes after the key.
inline void write_session_suffix(SessionWindow session, char* out) {
    detail::write_time(session.end, out);
    detail::write_time(session.start, out + kTimeSize);
}

}  // namespace millrace::state
