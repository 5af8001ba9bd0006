// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "state/format/window_key.hpp"

namespace millrace::state {

/// Throw std::invalid_argument.
[[noreturn]] void refuse_window_start(const detail::StoreSpec& spec, Timestamp start);
[[noreturn]] void refuse_session(const detail::StoreSpec& spec, SessionWindow session);
[[noreturn]] void refuse_timestamp(const detail::StoreSpec& spec, Timestamp time);

/// Throw std::invalid_argument if a time is negative, or a session ends before it starts: a restore
/// from the changelog would refuse such a row.
inline void check_window_start(const detail::StoreSpec& spec, Timestamp start) {
    if (start < Timestamp{}) [[unlikely]] {
        refuse_window_start(spec, start);
    }
}
inline void check_session(const detail::StoreSpec& spec, SessionWindow session) {
    if (session.start < Timestamp{} || session.end < session.start) [[unlikely]] {
        refuse_session(spec, session);
    }
}
inline void check_timestamp(const detail::StoreSpec& spec, Timestamp time) {
    if (time < Timestamp{}) [[unlikely]] {
        refuse_timestamp(spec, time);
    }
}

}  // namespace millrace::state
