// error: SessionMerger
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <chrono>
#include <string>

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("in")
        .group_by_key()
        .windowed_by(millrace::SessionWindows::of(std::chrono::minutes(1)))
        .aggregate(
            std::string(),
            [](const std::string& so_far, const std::string& value) { return so_far + value; },
            [](const std::string& one, const std::string& other) {
                return one.size() + other.size();
            });
}
