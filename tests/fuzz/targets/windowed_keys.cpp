// SPDX-License-Identifier: Apache-2.0
// Windowed record keys, and the changelog keys of window and session stores.
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "millrace/serde/string.hpp"
#include "millrace/windows/windowed.hpp"
#include "state/format/window_key.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace millrace::fuzz {
namespace {

template <class Key>
void check(const SerdeOf<Key>& serde, BytesView bytes) {
    Key key;
    if (!accepts<SerdeError>([&] { serde.deserialize(bytes, key); })) {
        return;
    }
    Bytes written;
    serde.serialize(key, written);
    expect(written == bytes, "a windowed key is written as read");
}

void check_window_with_end(std::chrono::milliseconds size, BytesView bytes) {
    Windowed<std::string> key;
    if (accepts<SerdeError>([&] { windowed_serde<std::string>(size).deserialize(bytes, key); })) {
        expect(key.window.start <= key.window.end, "a window ends after its start");
    }
}

void check_store_keys(BytesView bytes) {
    if (bytes.size() >= state::kWindowSuffixSize) {
        Bytes written;
        state::append_window_key(state::window_key_of(bytes), state::window_start_of(bytes),
                                 state::window_sequence_of(bytes), written);
        expect(written == bytes, "the key of a window store is written as read");
    }
    if (bytes.size() >= state::kSessionSuffixSize) {
        Bytes written(state::session_key_of(bytes));
        const std::size_t size = written.size();
        written.resize(bytes.size());
        state::write_session_suffix(state::session_of(bytes), written.data() + size);
        expect(written == bytes, "the key of a session store is written as read");
    }
}

}  // namespace

void windowed_keys(BytesView input) {
    check<Windowed<std::string>>({}, input);
    check<SessionWindowed<std::string>>({}, input);
    check<Windowed<std::int32_t>>({}, input);
    check_store_keys(input);
    Fields fields(input);
    const std::chrono::milliseconds size(fields.number<std::uint32_t>());
    check_window_with_end(size, fields.rest());
}

}  // namespace millrace::fuzz
