// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/core/record.hpp"
#include "millrace/detail/serde/nullable.hpp"
#include "millrace/detail/testing/driver_port.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/testing/test_record.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing {

template <class K, class V>
struct OutputTopicOptions {
    SerdeOf<millrace::detail::Plain<K>> key_serde{};
    SerdeOf<millrace::detail::Plain<V>> value_serde{};
};

/// A topic that a test reads, from the first record that was sent to it. A null key or value needs
/// std::optional<K> or std::optional<V>; reading one into another type throws SerdeError. Lifetime:
/// must not be used after its driver. Not thread-safe.
template <class K, class V>
class TestOutputTopic {
  public:
    TestOutputTopic(detail::DriverPort& driver, std::string name, OutputTopicOptions<K, V> options)
        : driver_(&driver), name_(std::move(name)), options_(std::move(options)) {}

    const std::string& name() const noexcept { return name_; }

    bool empty() const { return size() == 0; }

    /// The number of unread records.
    std::size_t size() const { return driver_->waiting(name_); }

    /// Reads the next record. Throws Error if there is none.
    TestRecord<K, V> read() {
        std::optional<BytesRecord> raw = driver_->next(name_);
        if (!raw) {
            throw Error(ErrorKind::kInvalidArgument, "no record to read: topic " + name_);
        }
        return decode(std::move(*raw));
    }

    /// Reads all remaining records.
    std::vector<TestRecord<K, V>> drain_records() {
        std::vector<TestRecord<K, V>> records;
        while (std::optional<BytesRecord> raw = driver_->next(name_)) {
            records.push_back(decode(std::move(*raw)));
        }
        return records;
    }

    /// Likewise, without times and headers.
    std::vector<std::pair<K, V>> drain_key_values() {
        std::vector<std::pair<K, V>> pairs;
        while (std::optional<BytesRecord> raw = driver_->next(name_)) {
            TestRecord<K, V> record = decode(std::move(*raw));
            pairs.emplace_back(std::move(record.key), std::move(record.value));
        }
        return pairs;
    }

    /// Likewise, values only.
    std::vector<V> drain_values() {
        std::vector<V> values;
        while (std::optional<BytesRecord> raw = driver_->next(name_)) {
            values.push_back(decode(std::move(*raw)).value);
        }
        return values;
    }

  private:
    TestRecord<K, V> decode(BytesRecord raw) const {
        TestRecord<K, V> record;
        read_part<K>(options_.key_serde, raw.key, record.key, "key");
        read_part<V>(options_.value_serde, raw.value, record.value, "value");
        record.timestamp = raw.timestamp.value_or(kNoTimestamp);
        record.headers = std::move(raw.headers);
        return record;
    }

    template <class T>
    void read_part(const SerdeOf<millrace::detail::Plain<T>>& serde,
                   const NullableOwnedBytes& bytes, T& out, const char* part) const {
        const NullableBytes view = bytes ? NullableBytes(*bytes) : std::nullopt;
        if (!millrace::detail::read_nullable<T>(serde, view, out)) {
            throw SerdeError(std::string("null ") + part +
                             " but the type does not allow nulls, use std::optional: topic " +
                             name_);
        }
    }

    detail::DriverPort* driver_;
    std::string name_;
    OutputTopicOptions<K, V> options_;
};

}  // namespace millrace::testing
