// SPDX-License-Identifier: Apache-2.0
// The serde of protobuf messages, with a message that has maps, lists and nesting.
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "millrace/serde/protobuf.hpp"

#include <google/protobuf/struct.pb.h>

namespace millrace::fuzz {

void protobuf_messages(BytesView input) {
    using Message = google::protobuf::Struct;
    Message message;
    if (!accepts<SerdeError>([&] { Serde<Message>::deserialize_into(input, message); })) {
        return;
    }
    Bytes written;
    Serde<Message>::serialize_to(message, written);
    Serde<Message>::deserialize_into(written, message);  // An object that is used again.
    Bytes again;
    Serde<Message>::serialize_to(message, again);
    expect(again == written, "equal messages have equal bytes");
}

}  // namespace millrace::fuzz
