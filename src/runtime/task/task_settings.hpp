// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/handlers.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace millrace::runtime {

/// The settings that tasks use. One object for all tasks of a client, immutable.
struct TaskSettings {
    std::string application_id;

    /// max.task.idle.ms: how long to wait, to keep timestamp order, for an empty partition that is
    /// known to be drained. Negative: never wait, not even for records that are known to be on the
    /// broker.
    std::chrono::milliseconds max_idle{0};

    /// buffered.records.per.partition.
    std::size_t buffered_records = 1000;

    /// errors.dead.letter.queue.topic.name; empty: none.
    std::string dead_letter_topic{};

    DeserializationHandler deserialization_handler = log_and_fail;
    ProcessingHandler processing_handler = log_and_fail;
    ProductionHandler production_handler = retry_or_fail;

    /// The value of any setting by name; an empty string if it is not set.
    std::function<std::string(std::string_view)> setting = [](std::string_view) {
        return std::string();
    };
};

}  // namespace millrace::runtime
