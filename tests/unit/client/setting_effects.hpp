// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/millrace.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace millrace {

/// A value of a setting and its effect.
struct SettingEffect {
    /// What a run is judged by.
    enum class Shown { kOutput, kFilesOfState, kHeadersOnDisk, kInternalTopics };

    struct Input {
        std::string value;
        std::int64_t time = 1;
        std::string topic = "in";
    };

    std::string setting;
    std::string value;  ///< Millrace's spelling.
    std::function<void(StreamsBuilder&)> program;
    std::vector<Input> inputs;
    std::vector<std::string> lines;
    std::string error{};  ///< A part of it.
    Shown shown = Shown::kOutput;
};

/// Every value of every setting with named values.
std::vector<SettingEffect> setting_effects();

}  // namespace millrace
