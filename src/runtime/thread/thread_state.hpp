// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace millrace::runtime {

/// The life cycle of a stream thread.
///
///     kCreated ──► kStarting ──► kPartitionsRevoked ◄──► kPartitionsAssigned ──► kRunning
///         │            │  └──────────────►──────────────────▲   ▲                  │ │
///         │            │                  │                 │   └──────────────────┘ │
///         ▼            ▼                  ▼                 ▼                        ▼
///         └────────────┴──────────► kPendingShutdown ◄──────┴────────────────────────┘
///                                         │
///                                         ▼
///                                       kDead
enum class ThreadState {
    kCreated,
    kStarting,  ///< Checking internal topics; joining the group.
    kPartitionsRevoked,
    kPartitionsAssigned,  ///< Restoring state.
    kRunning,             ///< Every task of the thread is processing.
    kPendingShutdown,
    kDead,
};

inline constexpr std::size_t kThreadStates = 7;

std::string_view to_string(ThreadState state) noexcept;

/// Rows: from; columns: to, in the order of the enumerators.
inline constexpr std::array<std::array<bool, kThreadStates>, kThreadStates> kThreadTransitions{{
    //             created starting revoked assigned running pending dead
    /* created  */ {{false, true, false, false, false, true, false}},
    /* starting */ {{false, false, true, true, false, true, false}},
    /* revoked  */ {{false, false, true, true, false, true, false}},
    /* assigned */ {{false, false, true, true, true, true, false}},
    /* running  */ {{false, false, true, true, false, true, false}},
    /* pending  */ {{false, false, false, false, false, false, true}},
    /* dead     */ {{false, false, false, false, false, false, false}},
}};

constexpr bool may_go(ThreadState from, ThreadState to) noexcept {
    return kThreadTransitions[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
}

}  // namespace millrace::runtime
