// SPDX-License-Identifier: Apache-2.0
// Metadata rows of stores on disk, and the decision whether to use a store that has them.
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "state/format/checkpoint.hpp"
#include "state/format/segment_interval.hpp"
#include "state/format/state_corrupted.hpp"
#include "state/task/state_trust.hpp"

#include <optional>
#include <string>

namespace millrace::fuzz {
namespace {

using state::Checkpoint;
using state::StoreShape;

constexpr const char* kWhere = "task 0_0, store s";

std::optional<Checkpoint> read(BytesView row) {
    std::optional<Checkpoint> checkpoint;
    accepts<state::StateCorrupted>([&] {
        // A newer version's.
        accepts<StateError>([&] { checkpoint = state::read_checkpoint(row, kWhere); });
    });
    return checkpoint;
}

void check_written(const Checkpoint& checkpoint, BytesView row) {
    if (!checkpoint.shape) {
        return;  // Of a format that is no longer written.
    }
    constexpr char kOfGlobalStore = 4;
    Bytes written;
    if (row.front() == kOfGlobalStore) {
        state::append_checkpoint(checkpoint.positions, checkpoint.current_at,
                                 shape_bytes(*checkpoint.shape), written);
    } else {
        state::append_checkpoint(checkpoint.offset, checkpoint.current_at,
                                 shape_bytes(*checkpoint.shape), written);
    }
    written += checkpoint.rest;
    expect(written == row, "a metadata row is written as read");
}

void check_judgement(const Checkpoint& checkpoint) {
    for (const detail::StoreKind kind :
         {detail::StoreKind::kKeyValue, detail::StoreKind::kTimestampedWindow,
          detail::StoreKind::kSession, detail::StoreKind::kVersionedKeyValue}) {
        for (const bool backed_up : {false, true}) {
            StoreShape wanted;
            wanted.kind = kind;
            wanted.backed_up = backed_up;
            wanted.retention = 3'600'000;
            wanted.segment_interval = state::is_segmented(kind) ? 60'000 : 0;
            accepts<StateError>([&] { judge(checkpoint, wanted, true, kWhere); });
        }
    }
}

}  // namespace

void checkpoints(BytesView input) {
    if (const std::optional<Checkpoint> checkpoint = read(input)) {
        check_written(*checkpoint, input);
        check_judgement(*checkpoint);
    }
}

}  // namespace millrace::fuzz
