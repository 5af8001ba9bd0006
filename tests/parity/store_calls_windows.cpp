// SPDX-License-Identifier: Apache-2.0

// Direct calls of window stores, as in the recorder's StoreCalls.java.
#include "store_calls.hpp"

#include <algorithm>

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;
using Windows = WindowStore<std::string, std::string>;

std::string values(Windows::Iterator rows) {
    std::string shown;
    for (const auto& row : rows) {
        shown += digits(row.start) + "=" + row.value + " ";
    }
    return "[" + shown + "]";
}

std::string windows(Windows::Iterator rows, milliseconds size) {
    std::string shown;
    for (const auto& row : rows) {
        shown += row.key + "@" + digits(row.start) + "/" + digits(row.start + size) + "=" +
                 row.value + " ";
    }
    return "[" + shown + "]";
}

Timestamp before(Timestamp time, std::int64_t ms) {
    return std::max(timestamp_of(0), time - milliseconds(ms));
}

std::string read(Windows& store, const StrRecord& r, const Words& w, milliseconds size) {
    const auto time = [&](std::size_t word) { return timestamp_of(parse_long(w[word])); };
    const bool back = w[0].ends_with("back") || w[0] == "backward";
    const RowOrder order = back ? RowOrder::kReverse : RowOrder::kForward;
    if (w[0] == "get") {
        return text(store.fetch(w[1], time(2)));
    }
    if (w[0] == "fetch" || w[0] == "backward") {
        return values(store.fetch(w[1], time(2), time(3), order));
    }
    if (w[0] == "recent") {
        return values(store.fetch(w[1], before(r.timestamp, 15), r.timestamp));
    }
    if (w[0] == "range" || w[0] == "rangeback") {
        return windows(store.fetch_range(bound(w[1]), bound(w[2]), time(3), time(4), order), size);
    }
    if (w[0] == "times" || w[0] == "timesback") {
        return windows(store.fetch_all(before(r.timestamp, 30), r.timestamp, order), size);
    }
    if (w[0] == "all" || w[0] == "allback") {
        return windows(store.all(order), size);
    }
    unknown_command(w[0]);
}

auto calls(milliseconds size) {
    return [size](Windows& store, const StrRecord& r, const Words& w) -> std::string {
        if (w[0] == "put") {
            store.put(w[1], r.timestamp, w[2] + digits(r.timestamp));
        } else if (w[0] == "putat") {
            store.put(w[1], timestamp_of(parse_long(w[2])), w[3]);
        } else if (w[0] == "remove") {
            const std::int64_t t = milliseconds_of(r.timestamp);
            store.erase(w[1], timestamp_of(t - t % 10));
        } else {
            return read(store, r, w, size);
        }
        return "ok";
    };
}

auto strings(WindowStoreSupplier supplier) {
    return stores::window_store<std::string, std::string>(std::move(supplier));
}

auto on_disk_store(bool duplicates = false) {
    return strings(
        stores::persistent_window_store("win", milliseconds(60), milliseconds(10), duplicates));
}

auto in_memory_store(bool duplicates = false) {
    return strings(
        stores::in_memory_window_store("win", milliseconds(60), milliseconds(10), duplicates));
}

Topology on_disk(Case& c) {
    return commands(c, on_disk_store(), calls(milliseconds(10)));
}

Topology in_memory(Case& c) {
    return commands(c, in_memory_store(), calls(milliseconds(10)));
}

Topology cached(Case& c) {
    return commands(c, on_disk_store().with_caching(), calls(milliseconds(10)));
}

Topology duplicates(Case& c) {
    return commands(c, on_disk_store(true), calls(milliseconds(10)));
}

Topology duplicates_in_memory(Case& c) {
    return commands(c, in_memory_store(true), calls(milliseconds(10)));
}

Topology segments(Case& c) {
    return commands(c,
                    strings(stores::persistent_window_store("win", milliseconds(150'000),
                                                            milliseconds(60'000))),
                    calls(milliseconds(60'000)));
}

std::string show(const std::optional<ValueAndTimestamp<std::string>>& row) {
    return row ? row->value + "@" + digits(row->timestamp) : "none";
}

Topology timestamped(Case& c) {
    const auto builder = stores::timestamped_window_store<std::string, std::string>(
        stores::persistent_window_store("win", milliseconds(500), milliseconds(10)));
    return commands(c, builder, [](auto& store, const StrRecord&, const Words& w) -> std::string {
        const auto time = [&](std::size_t word) { return timestamp_of(parse_long(w[word])); };
        if (w[0] == "put") {
            store.put(w[1], time(2), {w[3], time(4)});
            return "ok";
        }
        if (w[0] == "remove") {
            store.erase(w[1], time(2));
            return "ok";
        }
        if (w[0] == "get") {
            return show(store.fetch(w[1], time(2)));
        }
        std::string shown;
        for (const auto& row : store.all()) {
            shown += row.key + "@" + digits(row.start) + "=" + show(row.value) + " ";
        }
        return shown;
    });
}

}  // namespace

Scenarios store_calls_windows() {
    return {{"store-calls-window", on_disk},
            {"store-calls-window-in-memory", in_memory},
            {"store-calls-window-cached", cached},
            {"store-calls-window-duplicates", duplicates},
            {"store-calls-window-duplicates-in-memory", duplicates_in_memory},
            {"store-calls-window-segments", segments},
            {"store-calls-window-timestamped", timestamped}};
}

}  // namespace millrace::parity
