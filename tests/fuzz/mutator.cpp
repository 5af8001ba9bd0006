// SPDX-License-Identifier: Apache-2.0
#include "mutator.hpp"

#include "millrace/detail/serde/big_endian.hpp"

#include <algorithm>
#include <limits>

namespace millrace::fuzz {
namespace {

// Sizes, counts and times at the ends of their ranges.
constexpr std::int64_t kNumbers[] = {0,
                                     1,
                                     -1,
                                     -2,
                                     4,
                                     16,
                                     127,
                                     128,
                                     255,
                                     256,
                                     32'767,
                                     65'535,
                                     65'536,
                                     std::numeric_limits<std::int32_t>::max(),
                                     std::numeric_limits<std::int32_t>::min(),
                                     std::numeric_limits<std::int64_t>::max(),
                                     std::numeric_limits<std::int64_t>::min()};

}  // namespace

Bytes Mutator::next() {
    Bytes input = corpus_.empty() ? Bytes() : corpus_[below(corpus_.size())];
    for (std::size_t left = 1 + below(8); left > 0; --left) {
        change(input);
    }
    input.resize(std::min(input.size(), kMost));
    return input;
}

void Mutator::change(Bytes& input) {
    const std::size_t at = below(input.size());
    switch (below(8)) {
        case 0:
            if (!input.empty()) {
                input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
            }
            break;
        case 1:
            if (!input.empty()) {
                input[at] = static_cast<char>(random_());
            }
            break;
        case 2:
            input.resize(at);
            break;
        case 3:
            input.erase(at, 1 + below(8));
            break;
        case 4:
            write_bytes(input);
            break;
        case 5:
            splice(input);
            break;
        default:
            write_number(input);
    }
}

// Over a part of the input.
void Mutator::write_number(Bytes& input) {
    Bytes number;
    detail::append_big_endian(kNumbers[below(std::size(kNumbers))], number);
    constexpr std::size_t kSizes[] = {1, 2, 4, 8};
    const std::size_t size = kSizes[below(std::size(kSizes))];
    input.replace(below(input.size() + 1), size, number.substr(number.size() - size));
}

// Random ones, or some of the input again.
void Mutator::write_bytes(Bytes& input) {
    const std::size_t size = 1 + below(16);
    Bytes bytes = input.substr(below(input.size()), size);
    if (below(2) == 0) {
        bytes.resize(size);
        std::generate(bytes.begin(), bytes.end(), [this] { return static_cast<char>(random_()); });
    }
    input.insert(below(input.size() + 1), bytes);
}

// The rest is that of another input of the corpus.
void Mutator::splice(Bytes& input) {
    if (corpus_.empty()) {
        return;
    }
    const Bytes& other = corpus_[below(corpus_.size())];
    input.resize(below(input.size() + 1));
    input += other.substr(below(other.size() + 1));
}

}  // namespace millrace::fuzz
