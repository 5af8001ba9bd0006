// SPDX-License-Identifier: Apache-2.0
#include "show.hpp"

#include <algorithm>
#include <cstdint>

namespace millrace::parity {
namespace {

std::string show_data(const Json& data) {
    if (data.is_null()) {
        return "null";
    }
    const Bytes bytes = to_bytes(data).value();
    const bool printable = !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), [](char c) {
        return c >= 32 && c <= 126;
    });
    const std::string hex = "0x" + to_hex(bytes);
    if (printable) {
        return '"' + bytes + "\" (" + hex + ")";
    }
    if (bytes.size() == 8) {
        std::uint64_t number = 0;
        for (const char c : bytes) {
            number = number << 8 | static_cast<unsigned char>(c);
        }
        return '"' + std::to_string(static_cast<std::int64_t>(number)) + "\" (" + hex + ")";
    }
    return hex;
}

}  // namespace

std::string show_record(const Json* record) {
    if (record == nullptr) {
        return "nothing";
    }
    std::string text = record->at("topic").get<std::string>() + ": " +
                       show_data(record->at("key")) + " -> " + show_data(record->at("value")) +
                       " @ " + record->at("timestamp").dump();
    if (record->contains("headers") && !record->at("headers").empty()) {
        text += " " + record->at("headers").dump();
    }
    return text;
}

std::string show_entry(const Json* entry) {
    if (entry == nullptr) {
        return "nothing";
    }
    std::string text = show_data(entry->at("key"));
    for (const char* name : {"start", "end", "as_of", "timestamp", "headers"}) {
        if (entry->contains(name)) {
            text += std::string(" ") + name + "=" + entry->at(name).dump();
        }
    }
    return text + " -> " + show_data(entry->at("value"));
}

std::string show_step(const Json& step) {
    if (step.contains("advance_wall_clock_ms")) {
        return "advance wall clock by " + step.at("advance_wall_clock_ms").dump() + " ms";
    }
    return "pipe " + show_record(&step.at("pipe"));
}

}  // namespace millrace::parity
