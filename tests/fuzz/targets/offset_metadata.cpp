// SPDX-License-Identifier: Apache-2.0
// The metadata of committed offsets.
#include "runtime/task/offset_metadata.hpp"
#include "fuzz.hpp"
#include "targets.hpp"

namespace millrace::fuzz {

void offset_metadata(BytesView input) {
    const runtime::OffsetMetadata read = runtime::decode_offset_metadata(input);
    const std::string written = runtime::encode(read.partition_time, read.processor_times);
    const runtime::OffsetMetadata again = runtime::decode_offset_metadata(written);
    expect(again.partition_time == read.partition_time &&
               again.processor_times == read.processor_times,
           "offset metadata are read as written");
}

}  // namespace millrace::fuzz
