// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/restore_listener.hpp"

#include <functional>
#include <string_view>

namespace millrace {

/// The state of a client.
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
    kRebalancing,  ///< A thread waits for its partitions or restores state.
    kRunning,      ///< All threads process.
    kPendingShutdown,
    kNotRunning,  ///< Closed. Final.
    kPendingError,
    kError,  ///< Stopped because of an error. Final, except for close().
};

std::string_view to_string(ClientState state) noexcept;

/// Called after every change, in order and one call at a time. A change during a call, by the same
/// thread, is reported after that call. close() does not wait if it is called from here. Exceptions
/// are logged; the client continues.
using StateListener = std::function<void(ClientState now, ClientState before)>;

/// What to do after an error that no other handler has accepted.
enum class UncaughtDecision {
    kReplaceThread,        ///< The thread ends and is replaced.
    kShutDownClient,       ///< This client stops, with state kError.
    kShutDownApplication,  ///< All instances of the application stop.
};

}  // namespace millrace
