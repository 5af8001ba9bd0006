// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/detail/core/header_source.hpp"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// One header of a record. Kafka allows repeated keys and null values.
struct Header {
    std::string key;
    NullableOwnedBytes value;

    bool operator==(const Header&) const = default;
};

/// The headers of a record, in order.
///
/// Headers of a consumed record are decoded on first use, so a topology that never reads them has
/// no overhead. A copy decodes them. Not thread-safe, not even for reading.
class Headers {
  public:
    Headers() = default;
    Headers(std::initializer_list<Header> headers) : list_(headers) {}
    Headers(const Headers& other) : list_(other.list()) {}
    Headers(Headers&& other) noexcept {
        other.load();
        list_ = std::move(other.list_);
    }
    Headers& operator=(const Headers& other) {
        if (this != &other) {
            list_ = other.list();
            source_ = nullptr;
        }
        return *this;
    }
    Headers& operator=(Headers&& other) noexcept {
        other.load();
        list_ = std::move(other.list_);
        source_ = nullptr;
        return *this;
    }
    ~Headers() = default;

    bool empty() const { return list().empty(); }
    std::size_t size() const { return list().size(); }
    auto begin() const { return list().begin(); }
    auto end() const { return list().end(); }

    /// The last header with that key, or null. Valid until these headers change.
    const Header* last(std::string_view key) const {
        const auto& headers = list();
        for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
            if (header->key == key) {
                return &*header;
            }
        }
        return nullptr;
    }

    void add(std::string key, NullableOwnedBytes value) {
        load();
        list_.push_back({std::move(key), std::move(value)});
    }

    /// Removes every header of that key.
    void remove(std::string_view key) {
        load();
        std::erase_if(list_, [key](const Header& header) { return header.key == key; });
    }

    void clear() noexcept {
        list_.clear();
        source_ = nullptr;
    }

    /// Clears these headers and refers to those of `message` instead, which are read on demand.
    /// `message` and `source` must live until the headers were read, reset or cleared.
    void reset(const detail::HeaderSource& source, const void* message) noexcept {
        list_.clear();
        source_ = &source;
        message_ = message;
    }

    bool operator==(const Headers& other) const { return list() == other.list(); }

  private:
    const std::vector<Header>& list() const {
        load();
        return list_;
    }
    void load() const {
        if (source_ != nullptr) [[unlikely]] {
            std::exchange(source_, nullptr)->read_headers(message_, list_);
        }
    }

    mutable std::vector<Header> list_;
    mutable const detail::HeaderSource* source_ = nullptr;
    const void* message_ = nullptr;
};

}  // namespace millrace
