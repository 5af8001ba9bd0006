// SPDX-License-Identifier: Apache-2.0
#include "topology.hpp"

#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace {

// Words are runs of letters and digits, converted to lower case.
std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words;
    std::string word;
    for (const char letter : line) {
        const auto character = static_cast<unsigned char>(letter);
        // Bytes from 128 on belong to letters beyond ASCII.
        if (std::isalnum(character) != 0 || character >= 128) {
            word += static_cast<char>(std::tolower(character));
        } else if (!word.empty()) {
            words.push_back(std::exchange(word, {}));
        }
    }
    if (!word.empty()) {
        words.push_back(std::move(word));
    }
    return words;
}

}  // namespace

millrace::Topology word_count() {
    millrace::StreamsBuilder builder;

    builder.stream<millrace::NoKey, std::string>("lines")
        .flat_map_values(words_of)
        .group_by([](const std::string& word) { return word; })
        .count({.store = "counts"})
        .to_stream()
        .to("word-counts");

    return std::move(builder).build();
}
