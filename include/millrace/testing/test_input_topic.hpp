// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/headers.hpp"
#include "millrace/core/record.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/serde/nullable.hpp"
#include "millrace/detail/testing/driver_port.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/testing/test_record.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing {

template <class K, class V>
struct InputTopicOptions {
    SerdeOf<millrace::detail::Plain<K>> key_serde{};
    SerdeOf<millrace::detail::Plain<V>> value_serde{};

    /// Time of the first record without a time; empty: the driver's wall clock.
    std::optional<Timestamp> start{};

    /// How much that time advances with each such record.
    std::chrono::milliseconds advance{0};
};

/// A topic that a test writes. std::optional<K> and std::optional<V> can be null.
/// Lifetime: must not be used after its driver. Not thread-safe.
template <class K, class V>
class TestInputTopic {
  public:
    /// Throws Error if the topology does not read the topic.
    TestInputTopic(detail::DriverPort& driver, std::string name, InputTopicOptions<K, V> options)
        : driver_(&driver), name_(std::move(name)), options_(std::move(options)) {
        driver_->check_input(name_);
    }

    const std::string& name() const noexcept { return name_; }

    /// Pipes a record and processes it completely. Without a time: see InputTopicOptions.
    void pipe(const K& key, const V& value, std::optional<Timestamp> time = std::nullopt,
              Headers headers = {}) {
        Bytes buffer;
        BytesRecord raw{.topic = name_, .headers = std::move(headers)};
        if (const auto bytes =
                millrace::detail::write_nullable<K>(options_.key_serde, key, buffer)) {
            raw.key = Bytes(*bytes);
        }
        if (const auto bytes =
                millrace::detail::write_nullable<V>(options_.value_serde, value, buffer)) {
            raw.value = Bytes(*bytes);
        }
        raw.timestamp = time ? *time : next_time();
        driver_->pipe(std::move(raw));
    }

    void pipe(const TestRecord<K, V>& record) {
        pipe(record.key, record.value,
             record.timestamp == kNoTimestamp ? std::nullopt : std::optional(record.timestamp),
             record.headers);
    }

    /// Advances the time of the next record without a time. Requires a start time.
    void advance_time(std::chrono::milliseconds by) {
        if (options_.start) {
            *options_.start += by;
        }
    }

  private:
    Timestamp next_time() {
        if (!options_.start) {
            return driver_->wall_clock();
        }
        return std::exchange(*options_.start, *options_.start + options_.advance);
    }

    detail::DriverPort* driver_;
    std::string name_;
    InputTopicOptions<K, V> options_;
};

}  // namespace millrace::testing
