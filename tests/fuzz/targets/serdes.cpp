// SPDX-License-Identifier: Apache-2.0
// The serdes of built-in types. The first byte of the input selects the type.
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/string.hpp"
#include "millrace/serde/uuid.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace millrace::fuzz {
namespace {

/// The only form that is written: letters of UUIDs are small, and there is one NaN.
template <class T>
Bytes canonical(BytesView bytes, const T& value) {
    Bytes form(bytes);
    if constexpr (std::is_same_v<T, Uuid>) {
        std::transform(form.begin(), form.end(), form.begin(), [](unsigned char letter) {
            return static_cast<char>(std::tolower(letter));
        });
    } else if constexpr (std::is_floating_point_v<T>) {
        if (value != value) {
            form.clear();
            Serde<T>::serialize_to(value, form);
        }
    }
    return form;
}

template <class T>
void check(BytesView bytes) {
    T value{};
    if (!accepts<SerdeError>([&] { Serde<T>::deserialize_into(bytes, value); })) {
        return;
    }
    Bytes written;
    Serde<T>::serialize_to(value, written);
    expect(written == canonical(bytes, value), "the bytes of a built-in type are written as read");
}

template <class... Types>
void check_one_of(std::size_t which, BytesView bytes) {
    constexpr Decode kChecks[] = {check<Types>...};
    kChecks[which % sizeof...(Types)](bytes);
}

}  // namespace

void serdes(BytesView input) {
    Fields fields(input);
    const auto which = fields.number<std::uint8_t>();
    check_one_of<std::string, std::vector<std::byte>, bool, std::int8_t, std::int16_t, std::int32_t,
                 std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, float,
                 double, Uuid>(which, fields.rest());
}

}  // namespace millrace::fuzz
