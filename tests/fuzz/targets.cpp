// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"

#include "fuzz.hpp"

#include <cstdio>
#include <cstdlib>

namespace millrace::fuzz {

std::span<const Target> targets() {
    static constexpr Target kTargets[] = {
        {"changed_values", changed_values},
        {"changelogs", changelogs},
        {"checkpoints", checkpoints},
        {"foreign_keys", foreign_keys},
        {"group_member_data", group_member_data},
        {"join_buffers", join_buffers},
        {"offset_metadata", offset_metadata},
        {"process_file", process_file},
        {"properties", properties},
        {"protobuf_messages", protobuf_messages},
        {"serdes", serdes},
        {"stored_values", stored_values},
        {"suppression_buffer", suppression_buffer},
        {"version_rows", version_rows},
        {"windowed_keys", windowed_keys},
    };
    return kTargets;
}

void expect(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "expected: %s\n", what);
        std::abort();
    }
}

}  // namespace millrace::fuzz
