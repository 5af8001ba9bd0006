// SPDX-License-Identifier: Apache-2.0
// Stores of each kind that are restored from a changelog with any records, and then read. The input
// is the kind of the store and the records.
#include "fuzz.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/detail/state/change_buffer.hpp"
#include "millrace/detail/state/stored_headers.hpp"
#include "millrace/state/bytes_store.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace millrace::fuzz {
namespace {

using detail::StoreKind;
using state::ChangelogRecord;

detail::StoreSpec take_spec(Fields& fields) {
    constexpr StoreKind kKinds[] = {StoreKind::kKeyValue,          StoreKind::kTimestampedKeyValue,
                                    StoreKind::kVersionedKeyValue, StoreKind::kWindow,
                                    StoreKind::kTimestampedWindow, StoreKind::kSession,
                                    StoreKind::kChangeBuffer};
    detail::StoreSpec spec;
    spec.name = "s";
    spec.kind = kKinds[fields.below(std::size(kKinds))];
    spec.engine = StoreEngine::kInMemory;
    spec.retention = std::chrono::milliseconds(600'000);
    const std::size_t choices = fields.below(8);
    spec.retain_duplicates = spec.kind == StoreKind::kWindow && (choices & 1U) != 0;
    spec.time_first = (choices & 2U) != 0;
    const bool with_headers = (choices & 4U) != 0 && spec.kind != StoreKind::kVersionedKeyValue &&
                              spec.kind != StoreKind::kChangeBuffer;
    spec.headers = with_headers ? detail::StoredHeaders::kGiven : detail::StoredHeaders::kNone;
    return spec;
}

std::vector<ChangelogRecord> take_records(Fields& fields, std::deque<Headers>& memory) {
    std::vector<ChangelogRecord> records;
    while (!fields.done()) {
        ChangelogRecord& record = records.emplace_back();
        record.key = fields.nullable();
        record.value = fields.nullable();
        record.timestamp = timestamp_of(fields.number<std::int64_t>());
        record.offset = static_cast<Offset>(records.size());
        Headers& headers = memory.emplace_back();
        for (std::size_t left = fields.below(3); left > 0; --left) {
            const BytesView name = fields.bytes();
            const NullableBytes value = fields.nullable();
            headers.add(Bytes(name), value ? NullableOwnedBytes(Bytes(*value)) : std::nullopt);
        }
        record.headers = &headers;
    }
    return records;
}

void read_all(StateStore& store) {
    constexpr Timestamp kFirst = Timestamp::min();
    constexpr Timestamp kLast = Timestamp::max();
    if (auto* const rows = dynamic_cast<KeyValueBytesStore*>(&store)) {
        for (const auto row = rows->range({}, {}, RowOrder::kReverse); row->valid(); row->next()) {
            expect(rows->get(Bytes(row->key())).has_value(), "a row that is listed is found");
        }
    } else if (auto* const windows = dynamic_cast<WindowBytesStore*>(&store)) {
        for (const auto row = windows->fetch_range({}, {}, kFirst, kLast, RowOrder::kForward);
             row->valid(); row->next()) {
            expect(row->window_start() >= Timestamp{}, "windows have no negative times");
            static_cast<void>(Bytes(row->key()) + Bytes(row->value()));
        }
    } else if (auto* const sessions = dynamic_cast<SessionBytesStore*>(&store)) {
        for (const auto row = sessions->find_sessions({}, {}, kFirst, kLast, RowOrder::kForward);
             row->valid(); row->next()) {
            expect(row->session().start <= row->session().end, "sessions end after their start");
            static_cast<void>(Bytes(row->key()) + Bytes(row->value()));
        }
    } else if (auto* const changes = dynamic_cast<detail::ChangeBuffer*>(&store)) {
        while (changes->records() != 0) {
            expect(changes->find(changes->first_key()) == &changes->first(), "a change is found");
            expect(changes->first_time() != Timestamp::max() || changes->bytes() != 0,
                   "a buffered change has a size");
            changes->pop_first();
        }
        expect(changes->bytes() == 0, "an empty buffer has no bytes");
    }
}

void read_versions(VersionedBytesStore& store, const std::vector<ChangelogRecord>& records) {
    for (const ChangelogRecord& record : records) {
        if (record.key) {
            const auto latest = store.get(*record.key);
            expect(!latest || !latest->valid_to, "the latest version has no end");
            const auto then = store.get(*record.key, record.timestamp);
            expect(!then || (then->timestamp <= record.timestamp &&
                             (!then->valid_to || *then->valid_to > record.timestamp)),
                   "a version is valid at the time that was asked for");
        }
    }
}

}  // namespace

void changelogs(BytesView input) {
    static state::MemoryBudget memory{state::MemoryBudget::Limits{}};
    Fields fields(input);
    state::TaskStores::Options options;
    options.name = "0_0";
    options.specs = {take_spec(fields)};
    std::deque<Headers> headers;
    const std::vector<ChangelogRecord> records = take_records(fields, headers);
    state::TaskStores stores(std::move(options), memory);
    if (!accepts<StateError>([&] {
            stores.restore(0, records);
            stores.finish_restore(0, static_cast<Offset>(records.size()));
        })) {
        return;
    }
    StateStore& store = *stores.store("s");
    if (auto* const versions = dynamic_cast<VersionedBytesStore*>(&store)) {
        read_versions(*versions, records);
    } else {
        read_all(store);
    }
}

}  // namespace millrace::fuzz
