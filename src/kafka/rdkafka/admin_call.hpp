// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/rdkafka/handles.hpp"
#include "kafka/status.hpp"

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace millrace::kafka {

/// One call of librdkafka's admin interface: options, result queue, and the wait for the result.
class AdminCall {
  public:
    /// `doing` is the prefix of error messages.
    AdminCall(rd_kafka_t* client, rd_kafka_admin_op_t operation, std::chrono::milliseconds timeout,
              std::string doing);

    rd_kafka_AdminOptions_t* options() const noexcept { return options_.get(); }
    rd_kafka_queue_t* answers() const noexcept { return answers_.get(); }
    const std::string& doing() const noexcept { return doing_; }

    /// The brokers respond only when the change has taken effect on all of them.
    void wait_for_effect();

    /// The result. A failure of the whole call is a status; failures of its parts are in the
    /// result.
    Result<RdEvent> wait();

  private:
    using Options = std::unique_ptr<rd_kafka_AdminOptions_t, FreeBy<rd_kafka_AdminOptions_destroy>>;

    std::chrono::milliseconds timeout_;
    std::string doing_;
    Options options_;
    RdQueue answers_;
};

/// An array of request objects in librdkafka's form. `kFree` frees each of them.
template <class T, auto kFree>
class RequestArray {
  public:
    T& add(T* owned) {
        owned_.emplace_back(owned);
        pointers_.push_back(owned);
        return *owned;
    }
    T** data() noexcept { return pointers_.data(); }
    std::size_t size() const noexcept { return pointers_.size(); }

  private:
    std::vector<std::unique_ptr<T, FreeBy<kFree>>> owned_;
    std::vector<T*> pointers_;
};

}  // namespace millrace::kafka
