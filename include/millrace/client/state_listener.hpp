// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/restore_listener.hpp"

#include <functional>
#include <string_view>

namespace millrace {

/// What a client is doing.
///
///     kCreated ──► kRebalancing ◄──► kRunning
///        │              │ │            │ │
///        │              │ └─────┐ ┌────┘ │
///        ▼              ▼       │ │      ▼
///        └────► kPendingShutdown◄─┼──────┘
///                    │          └─┴──► kPendingError ──► kError
///                    ▼
///               kNotRunning
enum class ClientState {
    kCreated,
    kRebalancing,  ///< Some thread waits for its partitions or restores state.
    kRunning,      ///< All threads process.
    kPendingShutdown,
    kNotRunning,  ///< Closed. Final.
    kPendingError,
    kError,  ///< Stopped because of an error. Final, but for close().
};

std::string_view to_string(ClientState state) noexcept;

/// Called after each change, in order and one at a time: of a change that is made meanwhile, by the
/// same thread after that. Close() does not wait when called from here. What a listener throws is
/// logged; the client goes on.
using StateListener = std::function<void(ClientState now, ClientState before)>;

/// What to do after an error that no other handler has dealt with.
enum class UncaughtDecision {
    kReplaceThread,        ///< The thread ends; a new one takes its place.
    kShutDownClient,       ///< This client stops, with state kError.
    kShutDownApplication,  ///< All instances of the application stop.
};

}  // namespace millrace
