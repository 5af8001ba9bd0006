// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

namespace millrace::fuzz {

// One per file of targets/.
void changed_values(BytesView input);
void changelogs(BytesView input);
void checkpoints(BytesView input);
void foreign_keys(BytesView input);
void group_member_data(BytesView input);
void join_buffers(BytesView input);
void offset_metadata(BytesView input);
void process_file(BytesView input);
void properties(BytesView input);
void protobuf_messages(BytesView input);
void serdes(BytesView input);
void stored_values(BytesView input);
void suppression_buffer(BytesView input);
void version_rows(BytesView input);
void windowed_keys(BytesView input);

}  // namespace millrace::fuzz
