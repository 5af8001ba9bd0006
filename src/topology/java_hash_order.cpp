// SPDX-License-Identifier: Apache-2.0
#include "topology/java_hash_order.hpp"

#include "millrace/detail/nodes/table.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <utility>

namespace millrace::topology {
namespace {

constexpr std::size_t kSmallestTable = 16;

std::uint32_t spread_hash(std::string_view text) {
    std::uint32_t hash = 0;
    for (const char c : text) {
        hash = 31 * hash + static_cast<unsigned char>(c);
    }
    return hash ^ (hash >> 16U);
}

// Elements of one bucket keep their insertion order, also when the table grows.
std::vector<std::string> by_bucket(std::vector<std::string> elements, std::size_t capacity) {
    std::stable_sort(
        elements.begin(), elements.end(),
        [mask = static_cast<std::uint32_t>(capacity - 1)](const auto& a, const auto& b) {
            return (spread_hash(a) & mask) < (spread_hash(b) & mask);
        });
    return elements;
}

}  // namespace

std::vector<std::string> java_hash_order(std::vector<std::string> filled_one_by_one) {
    std::size_t capacity = kSmallestTable;
    while (filled_one_by_one.size() > capacity / 4 * 3) {
        capacity *= 2;
    }
    return by_bucket(std::move(filled_one_by_one), capacity);
}

std::vector<std::string> java_hash_copy_order(std::vector<std::string> collection) {
    const std::size_t wanted = collection.size() * 4 / 3 + 1;
    return by_bucket(std::move(collection), std::bit_ceil(std::max(wanted, kSmallestTable)));
}

std::vector<std::string> java_hash_union_order(const std::vector<std::string>& a,
                                               const std::vector<std::string>& b) {
    std::vector<std::string> all;
    std::size_t capacity = std::bit_ceil(std::max<std::size_t>(a.size() + b.size(), 1));
    for (const auto& elements : {a, b}) {
        for (const std::string& element : elements) {
            if (std::find(all.begin(), all.end(), element) == all.end()) {
                all.push_back(element);
            }
        }
    }
    while (all.size() * 4 > capacity * 3) {
        capacity *= 2;
    }
    return by_bucket(std::move(all), capacity);
}

}  // namespace millrace::topology

namespace millrace::detail {

std::vector<std::string> stores_of_both(const std::vector<std::string>& left,
                                        const std::vector<std::string>& right) {
    return topology::java_hash_union_order(left, right);
}

}  // namespace millrace::detail
