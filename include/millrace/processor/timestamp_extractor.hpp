// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <concepts>
#include <functional>
#include <string>
#include <utility>

namespace millrace {

/// The source of a record's time, and what happens if it has none (a negative timestamp).
enum class TimestampPolicy {
    kDefault,  ///< The setting default.timestamp.extractor; default kFail.
    kFail,     ///< Kafka's timestamp; without one the task fails (FailOnInvalidTimestamp).
    kSkip,     ///< Kafka's timestamp; records without are dropped (LogAndSkipOnInvalidTimestamp).
    /// Records without use the partition's time (UsePartitionTimeOnInvalidTimestamp).
    kUsePartitionTime,
    kWallClock,  ///< The time of processing (WallclockTimestampExtractor).
};

/// A record as read from its topic. A view, valid during the call.
template <class K, class V>
struct ConsumedRecord {
    const K& key;
    const V& value;
    Timestamp timestamp;  ///< Kafka's; kNoTimestamp if it has none.
    const std::string& topic;
    Partition partition;
    Offset offset;
    const Headers& headers;
};

/// How a source determines the time of a record: a policy, or a user-defined function that gets the
/// record and the largest time processed from its partition so far (kNoTimestamp at first), and
/// returns the record's time, or a negative one to drop it. Copied once per task; copies run
/// concurrently.
///
/// A null key or value that the type does not allow is dropped later; such a record keeps Kafka's
/// time.
template <class K, class V>
class TimestampExtractor {
  public:
    using Function =
        std::function<Timestamp(const ConsumedRecord<K, V>&, Timestamp partition_time)>;

    TimestampExtractor() = default;
    TimestampExtractor(TimestampPolicy policy)  // NOLINT(google-explicit-constructor)
        : policy_(policy) {}

    template <class F>
        requires std::invocable<F&, const ConsumedRecord<K, V>&, Timestamp>
    TimestampExtractor(F extract)  // NOLINT(google-explicit-constructor)
        : function_(std::move(extract)) {}

    TimestampPolicy policy() const noexcept { return policy_; }
    const Function& function() const noexcept { return function_; }

  private:
    TimestampPolicy policy_ = TimestampPolicy::kDefault;
    Function function_{};
};

}  // namespace millrace
