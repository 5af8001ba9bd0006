// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/flush_listener.hpp"
#include "state/task/task_stores.hpp"

#include <string>
#include <vector>

namespace millrace::testing {

/// A changelog that is kept as a list, for a current record that the test sets.
class FakeStoreContext final : public state::StoreContext {
  public:
    struct Logged {
        std::size_t store;
        Bytes key;
        NullableOwnedBytes value;
        std::optional<Timestamp> timestamp;
        Headers headers{};

        bool operator==(const Logged&) const = default;
    };

    const detail::RecordContext& record() const override { return at_hand; }
    void log_change(std::size_t store, BytesView key, const NullableBytes& value,
                    std::optional<Timestamp> timestamp, const Headers* headers) override {
        log.push_back({store, Bytes(key), owned(value), timestamp,
                       headers != nullptr ? *headers : Headers{}});
    }
    void dropped_expired(const std::string& store) override { dropped.push_back(store); }

    static NullableOwnedBytes owned(const NullableBytes& bytes) {
        return bytes ? NullableOwnedBytes(Bytes(*bytes)) : std::nullopt;
    }

    detail::RecordContext at_hand;
    std::vector<Logged> log;
    std::vector<std::string> dropped;
};

/// Stores its calls.
class RecordingListener final : public detail::FlushListener {
  public:
    struct Told {
        Bytes key;
        NullableOwnedBytes value;
        NullableOwnedBytes old_value;
        Timestamp timestamp;
        Offset offset;
        std::string topic;
        Headers headers;
    };

    void on_flush(BytesView key, const NullableBytes& value, const NullableBytes& old_value,
                  const detail::RecordContext& context) override {
        told.push_back({Bytes(key), FakeStoreContext::owned(value),
                        FakeStoreContext::owned(old_value), context.timestamp, context.offset,
                        context.topic != nullptr ? *context.topic : "",
                        context.headers != nullptr ? *context.headers : Headers{}});
    }

    std::vector<Told> told;
};

}  // namespace millrace::testing
