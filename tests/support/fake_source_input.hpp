// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/source_input.hpp"
#include "runtime/task/record_queue.hpp"

#include <string>
#include <vector>

namespace millrace::support {

/// Deserialises any value except "unreadable"; the record's time is its timestamp.
class FakeSourceInput final : public millrace::detail::SourceInput {
  public:
    explicit FakeSourceInput(std::vector<std::string>* processed = nullptr)
        : processed_(processed) {}

    Timestamp decode(const millrace::detail::SourceRecord& record,
                     Timestamp partition_time) override {
        if (record.value() == "unreadable") {
            throw SerdeError("value: unreadable");
        }
        value_ = record.value().value_or("null");
        last_partition_time = partition_time;
        return record.timestamp();
    }
    void process(Timestamp, const Headers&) override {
        if (processed_ != nullptr) {
            processed_->push_back(value_);
        }
    }

    Timestamp last_partition_time = kNoTimestamp;

  private:
    std::vector<std::string>* processed_;
    std::string value_;
};

/// Skips every bad record, or fails at it, and stores the offsets.
class FakeBadRecordListener final : public runtime::BadRecordListener {
  public:
    void on_unreadable(const millrace::detail::SourceRecord& record) override {
        unreadable.push_back(record.offset());
        if (fail) {
            throw;
        }
    }
    void on_negative_time(const millrace::detail::SourceRecord& record, Timestamp) override {
        negative.push_back(record.offset());
    }

    bool fail = false;
    std::vector<Offset> unreadable;
    std::vector<Offset> negative;
};

}  // namespace millrace::support
