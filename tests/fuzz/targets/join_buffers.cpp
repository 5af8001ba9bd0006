// SPDX-License-Identifier: Apache-2.0
// Rows of the buffers of joins: records that wait for a table, and unmatched records.
#include "fuzz.hpp"
#include "support/map_store.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "millrace/detail/state/record_buffer.hpp"
#include "millrace/detail/state/unmatched_store.hpp"

#include <chrono>
#include <cstdint>

namespace millrace::fuzz {
namespace {

using testing::MapStore;

void fill(Fields& fields, MapStore& store) {
    while (!fields.done()) {
        const BytesView key = fields.bytes();
        store.put(key, fields.long_bytes());
    }
}

void check_waiting_records(Fields fields) {
    const std::chrono::milliseconds grace(fields.number<std::uint32_t>());
    detail::BufferedRecord record;
    record.key = "k";
    record.value = "v";
    record.timestamp =
        timestamp_of(static_cast<std::int64_t>(fields.number<std::uint64_t>() >> 1U));
    MapStore store;
    fill(fields, store);
    detail::RecordBuffer buffer;
    accepts<SerdeError>([&] {
        buffer.open(store);
        buffer.add(record, grace);
        buffer.emit_due(grace, [](const detail::BufferedRecord&) {});
    });
}

void check_unmatched_records(Fields fields) {
    detail::JoinClock clock;
    clock.stream_time = timestamp_of(fields.number<std::int64_t>());
    const detail::UnmatchedWindows windows{
        std::chrono::milliseconds(fields.number<std::uint32_t>()),
        std::chrono::milliseconds(fields.number<std::uint32_t>()),
        std::chrono::milliseconds(fields.number<std::uint32_t>())};
    MapStore store;
    fill(fields, store);
    detail::UnmatchedStore unmatched;
    unmatched.open(store);
    accepts<SerdeError>([&] {
        unmatched.emit_closed(clock, windows, [](const detail::Unmatched&) {});
        unmatched.add(clock.stream_time, true, "k", "v");
        unmatched.erase(clock.stream_time, false, "k");
    });
}

/// A row at the place of a record that is added.
void check_list(BytesView list) {
    MapStore store;
    detail::UnmatchedStore unmatched;
    unmatched.open(store);
    unmatched.add(timestamp_of(0), true, "k", "v");
    store.put(store.range({}, {}, RowOrder::kForward)->key(), list);
    accepts<SerdeError>([&] { unmatched.add(timestamp_of(0), true, "k", "v"); });
}

}  // namespace

void join_buffers(BytesView input) {
    check_waiting_records(Fields(input));
    check_unmatched_records(Fields(input));
    check_list(input);
}

}  // namespace millrace::fuzz
