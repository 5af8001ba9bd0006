// SPDX-License-Identifier: Apache-2.0
// Buffered changes of suppressions.
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "state/format/change_buffer_format.hpp"

#include <optional>

namespace millrace::fuzz {

void suppression_buffer(BytesView input) {
    std::optional<state::DecodedChange> read;
    if (!accepts<StateError>([&] { read = state::decode_buffered_change(input); })) {
        return;
    }
    read->change.topic = &read->topic;
    Bytes written;
    state::append_buffered_change(read->change, read->time, written);
    // An old value that equals the prior one has two forms.
    expect(written == input || read->change.old_value == read->change.prior_value,
           "a buffered change is written as read");
    const state::DecodedChange again = state::decode_buffered_change(written);
    expect(again.change.old_value == read->change.old_value &&
               again.change.headers == read->change.headers,
           "a buffered change is read as written");
}

}  // namespace millrace::fuzz
