// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_message.hpp"

#include "kafka/rdkafka/internals_shim.h"

namespace millrace::kafka {
namespace {

// Stateless: a message contains everything that is needed to free it, so one owner serves all
// clients of the process.
class RdMessageOwner final : public MessageOwner {
  public:
    void release(const void* message) const noexcept override {
        millrace_record_destroy(mutable_message(message));
    }

    void read_headers(const void* message, std::vector<Header>& out) const override {
        if (millrace_has_headers(mutable_message(message)) == 0) [[likely]] {
            return;
        }
        rd_kafka_headers_t* headers = nullptr;
        if (rd_kafka_message_headers(mutable_message(message), &headers) !=
            RD_KAFKA_RESP_ERR_NO_ERROR) {
            return;
        }
        out.reserve(out.size() + rd_kafka_header_cnt(headers));
        const char* name = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
                                RD_KAFKA_RESP_ERR_NO_ERROR;
             ++i) {
            Header& header = out.emplace_back();
            header.key = name;
            if (value != nullptr) {
                header.value.emplace(static_cast<const char*>(value), size);
            }
        }
    }

  private:
    // The interface passes the message as const; for librdkafka it is always mutable.
    static rd_kafka_message_t* mutable_message(const void* message) noexcept {
        return static_cast<rd_kafka_message_t*>(const_cast<void*>(message));
    }
};

const RdMessageOwner& owner() noexcept {
    static const RdMessageOwner shared;
    return shared;
}

}  // namespace

NullableBytes nullable_view(const void* data, std::size_t size) noexcept {
    if (data == nullptr) {
        return std::nullopt;
    }
    return BytesView(static_cast<const char*>(data), size);
}

Message to_message(rd_kafka_message_t* message) noexcept {
    const millrace_stamp stamp = millrace_record_stamp(message);
    return {owner(),
            message,
            nullable_view(message->key, message->key_len),
            nullable_view(message->payload, message->len),
            stamp.has_timestamp != 0 ? timestamp_of(stamp.timestamp) : kNoTimestamp,
            message->offset,
            stamp.leader_epoch};
}

const millrace::detail::HeaderSource& rd_header_source() noexcept {
    return owner();
}

}  // namespace millrace::kafka
