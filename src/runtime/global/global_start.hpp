// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/rate_limited_log.hpp"
#include "kafka/admin.hpp"
#include "restore/removal_age.hpp"
#include "runtime/global/global_input.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/global/global_task.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace millrace::runtime {

/// Looks up the partitions that fill the global stores, and chooses their start positions: those of
/// the last commit, or the beginning if those cannot be trusted.
///
/// Not thread-safe. Errors: KafkaError if a topic is missing or the cluster refuses the request.
class GlobalStart {
  public:
    struct Parts {
        const std::vector<detail::GlobalStoreSpec>& specs;
        GlobalTask& task;
        GlobalStoresGate& gate;
        kafka::Admin& admin;
        const Clock& clock;
        RateLimitedLog& log;
        kafka::Isolation isolation;  ///< Of the consumer that will read.
        std::chrono::milliseconds request_timeout;
    };

    /// The references must outlive this.
    explicit GlobalStart(const Parts& parts)
        : parts_(parts), removal_age_(parts.admin, parts.clock, parts.request_timeout) {}

    /// Returns the inputs with their start positions. Clears the stores that start at the
    /// beginning. Empty if the cluster did not respond: try again.
    std::optional<GlobalInputs> look_up();

  private:
    bool look_up_partitions(GlobalInputs& inputs);
    bool look_up_offsets(GlobalInputs& inputs);
    void choose_start(std::size_t store, std::span<GlobalInput> inputs);
    std::optional<std::string> why_not(std::size_t store, std::span<const GlobalInput> inputs);
    bool answered(const kafka::Status& status);

    Parts parts_;
    restore::RemovalAge removal_age_;
};

}  // namespace millrace::runtime
