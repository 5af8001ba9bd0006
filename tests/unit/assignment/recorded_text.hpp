// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"

#include <map>
#include <sstream>
#include <string>
#include <vector>

/// The text of recorded assignments.
namespace millrace::assignment {

inline std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);) {
        parts.push_back(part);
    }
    return parts;
}

inline TaskId task_in(const std::string& text) {
    const auto parts = split(text, '_');
    return {std::stoi(parts.at(0)), std::stoi(parts.at(1))};
}

inline std::vector<TaskId> tasks_in(const std::string& text) {
    std::vector<TaskId> tasks;
    for (const std::string& each : split(text, ',')) {
        tasks.push_back(task_in(each));
    }
    return tasks;
}

/// "name:value" words of a line.
inline std::map<std::string, std::string> words(const std::string& line) {
    std::map<std::string, std::string> result;
    for (const std::string& word : split(line, ' ')) {
        if (const auto colon = word.find(':'); colon != std::string::npos) {
            result[word.substr(0, colon)] = word.substr(colon + 1);
        }
    }
    return result;
}

}  // namespace millrace::assignment
