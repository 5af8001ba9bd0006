// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/first_reading.hpp"

namespace millrace::runtime {

namespace {

constexpr TaskId kGlobal{-1, -1};

}  // namespace

void FirstReading::started(GlobalInput& input, const std::string& store) {
    if (board_ != nullptr && !input.complete) {
        input.progress = board_->begin(kGlobal, store, input.partition, input.next, input.end);
    }
    if (listener_.on_restore_start) {
        listener_.on_restore_start(input.partition, store, input.next, input.end);
    }
}

bool FirstReading::advanced(GlobalInput& input, std::size_t records, const std::string& store) {
    if (input.complete) {
        return false;
    }
    ++progress_;
    input.records += static_cast<std::int64_t>(records);
    if (input.progress != nullptr) {
        input.progress->advanced(static_cast<std::int64_t>(records), input.next);
    }
    if (records > 0 && listener_.on_batch_restored) {
        listener_.on_batch_restored(input.partition, store, input.next - 1,
                                    static_cast<std::int64_t>(records));
    }
    if (input.next < input.end) {
        return false;
    }
    input.complete = true;
    input.progress.reset();
    if (listener_.on_restore_end) {
        listener_.on_restore_end(input.partition, store, input.records);
    }
    return true;
}

}  // namespace millrace::runtime
