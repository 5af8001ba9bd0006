// SPDX-License-Identifier: Apache-2.0
// Stored values with a timestamp, and with headers and a timestamp.
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "millrace/detail/state/stored_headers.hpp"
#include "millrace/serde/string.hpp"

#include <string>

namespace millrace::fuzz {
namespace {

void check_with_timestamp(BytesView bytes) {
    using Stored = detail::StoredValue<ValueAndTimestamp<std::string>>;
    ValueAndTimestamp<std::string> value;
    if (!accepts<SerdeError>([&] { Stored::read({}, bytes, value); })) {
        return;
    }
    Bytes written;
    Stored::write({}, value, written);
    expect(written == bytes, "a value with timestamp is written as read");
}

void check_with_headers(BytesView bytes) {
    using Stored = detail::StoredValue<ValueTimestampHeaders<std::string>>;
    ValueTimestampHeaders<std::string> value;
    if (!accepts<SerdeError>([&] { Stored::read({}, bytes, value); })) {
        return;
    }
    // Varints have longer forms that are read, but not written.
    Bytes written;
    Stored::write({}, value, written);
    ValueTimestampHeaders<std::string> again;
    Stored::read({}, written, again);
    expect(again.headers == value.headers && again.timestamp == value.timestamp &&
               again.value == value.value,
           "a value with headers is read as written");
    expect(written.size() <= bytes.size(), "the written form is the shortest");
}

}  // namespace

void stored_values(BytesView input) {
    check_with_timestamp(input);
    check_with_headers(input);
}

}  // namespace millrace::fuzz
