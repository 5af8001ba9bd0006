// SPDX-License-Identifier: Apache-2.0
// Changes of tables in repartition topics.
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "millrace/detail/serde/owned_change.hpp"
#include "millrace/serde/string.hpp"

#include <string>

namespace millrace::fuzz {

void changed_values(BytesView input) {
    using Change = detail::OwnedChange<std::string>;
    Change change;
    if (!accepts<SerdeError>([&] { Serde<Change>::deserialize_into(input, change); })) {
        return;
    }
    Bytes written;
    Serde<Change>::serialize_to(change, written);
    Change again;
    Serde<Change>::deserialize_into(written, again);
    expect(again.new_value == change.new_value && again.old_value == change.old_value,
           "a change is read as written");
}

}  // namespace millrace::fuzz
