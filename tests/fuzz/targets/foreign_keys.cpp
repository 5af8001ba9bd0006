// SPDX-License-Identifier: Apache-2.0
// Subscriptions, responses and store keys of foreign-key joins.
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "millrace/detail/serde/foreign_key.hpp"
#include "millrace/serde/string.hpp"

#include <string>

namespace millrace::fuzz {
namespace {

void check_subscription(BytesView bytes) {
    detail::SubscriptionParts parts;
    if (!accepts<SerdeError>([&] { parts = detail::read_subscription(bytes); })) {
        return;
    }
    Bytes written;
    detail::write_subscription(parts, written);
    // The version without a partition is read, but no longer written.
    expect(!parts.partition || written == bytes, "a subscription is written as read");
}

void check_response(BytesView bytes) {
    detail::SubscriptionResponse<std::string> response;
    if (!accepts<SerdeError>([&] {
            Serde<detail::SubscriptionResponse<std::string>>::deserialize_into(bytes, response);
        })) {
        return;
    }
    Bytes written;
    Serde<detail::SubscriptionResponse<std::string>>::serialize_to(response, written);
    expect(written == bytes, "a response is written as read");
}

void check_store_key(BytesView bytes) {
    BytesView primary;
    if (!accepts<SerdeError>([&] { primary = detail::primary_key_in(bytes); })) {
        return;
    }
    constexpr std::size_t kSize = 4;
    Bytes written;
    detail::write_foreign_prefix(bytes.substr(kSize, bytes.size() - kSize - primary.size()),
                                 written);
    expect(written.append(primary) == bytes, "a combined key is written as read");
}

}  // namespace

void foreign_keys(BytesView input) {
    check_subscription(input);
    check_response(input);
    check_store_key(input);
    detail::hash_of(input);
}

}  // namespace millrace::fuzz
