// SPDX-License-Identifier: Apache-2.0
#include "store_dump.hpp"

#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/detail/state/store_hooks.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/state/value_timestamp_headers.hpp"

#include <stdexcept>

namespace millrace::parity {
namespace {

using millrace::detail::StoreKind;
using millrace::detail::StoreSpec;
using testing::TopologyTestDriver;

constexpr std::size_t kTimestampBytes = 8;

std::int64_t big_endian(BytesView bytes) {
    std::uint64_t value = 0;
    for (const char c : bytes) {
        value = value << 8 | static_cast<unsigned char>(c);
    }
    return static_cast<std::int64_t>(value);
}

/// The prefix of a value.
struct Layout {
    bool headers = false;
    bool timestamp = false;
};

void add_value(Json& entry, BytesView value, Layout layout) {
    if (layout.headers) {
        entry["headers"] = to_hex(millrace::detail::take_stored_headers(value));
    }
    if (layout.timestamp) {
        entry["timestamp"] = big_endian(value.substr(0, kTimestampBytes));
        value.remove_prefix(kTimestampBytes);
    }
    entry["value"] = Json{{"hex", to_hex(value)}};
}

/// Stores of the unmatched records of stream joins: lists of values, printed one by one.
bool holds_lists(const std::string& name) {
    return name.find("OUTERSHARED-") != std::string::npos ||
           name.ends_with("-outer-shared-join-store") || name.ends_with("-left-shared-join-store");
}

/// One byte for the kind of list, four for the count; then, for each value, four for its size.
Json dump_lists(KeyValueBytesStore& store) {
    Json entries = Json::array();
    for (auto it = store.range(std::nullopt, std::nullopt, RowOrder::kForward); it->valid();
         it->next()) {
        BytesView list = it->value().substr(5);
        while (!list.empty()) {
            const auto size = static_cast<std::size_t>(big_endian(list.substr(0, 4)));
            entries.push_back({{"key", {{"hex", to_hex(it->key())}}},
                               {"value", {{"hex", to_hex(list.substr(4, size))}}}});
            list.remove_prefix(4 + size);
        }
    }
    return entries;
}

Json dump_key_values(KeyValueBytesStore& store, Layout layout) {
    Json entries = Json::array();
    for (auto it = store.range(std::nullopt, std::nullopt, RowOrder::kForward); it->valid();
         it->next()) {
        Json entry{{"key", {{"hex", to_hex(it->key())}}}};
        add_value(entry, it->value(), layout);
        entries.push_back(std::move(entry));
    }
    return entries;
}

Json dump_windows(WindowBytesStore& store, Layout layout) {
    Json entries = Json::array();
    for (auto it = store.fetch_range(std::nullopt, std::nullopt, timestamp_of(0), Timestamp::max(),
                                     RowOrder::kForward);
         it->valid(); it->next()) {
        Json entry{{"key", {{"hex", to_hex(it->key())}}},
                   {"start", milliseconds_of(it->window_start())}};
        add_value(entry, it->value(), layout);
        entries.push_back(std::move(entry));
    }
    return entries;
}

Json dump_sessions(SessionBytesStore& store, Layout layout, const Seen& seen) {
    Json entries = Json::array();
    for (const Bytes& key : seen.keys) {
        for (auto it = store.find_sessions(BytesView(key), BytesView(key), timestamp_of(0),
                                           Timestamp::max(), RowOrder::kForward);
             it->valid(); it->next()) {
            Json entry{{"key", {{"hex", to_hex(it->key())}}},
                       {"start", milliseconds_of(it->session().start)},
                       {"end", milliseconds_of(it->session().end)}};
            add_value(entry, it->value(), layout);
            entries.push_back(std::move(entry));
        }
    }
    return entries;
}

/// The record buffer of a join with grace.
bool is_buffer(const std::string& name) {
    return name.ends_with("-Buffer");
}

Json dump_versions(VersionedBytesStore& store, const Seen& seen) {
    Json entries = Json::array();
    const auto show = [&](const Bytes& key, Json as_of,
                          const std::optional<VersionedBytes>& version) {
        Json entry{{"key", {{"hex", to_hex(key)}}}, {"as_of", std::move(as_of)}};
        if (version) {
            entry["timestamp"] = milliseconds_of(version->timestamp);
            entry["value"] = Json{{"hex", to_hex(version->value)}};
        } else {
            entry["value"] = nullptr;
        }
        entries.push_back(std::move(entry));
    };
    for (const Bytes& key : seen.keys) {
        using Shown = std::optional<std::pair<Bytes, Timestamp>>;
        const auto shown = [](const std::optional<VersionedBytes>& version) {
            return version ? Shown({Bytes(version->value), version->timestamp}) : std::nullopt;
        };
        Shown last;
        for (const std::int64_t time : seen.times) {
            const auto version = store.get(key, timestamp_of(time));
            Shown now = shown(version);
            if (now != last) {
                show(key, time, version);
            }
            last = std::move(now);
        }
        const auto latest = store.get(key);
        if (latest || last) {
            show(key, "latest", latest);
        }
    }
    return entries;
}

/// The content of a store, with the headers of its rows if it stores them.
template <class Store, class Dump>
Json dump_as(const std::string& kind, Store& store, bool timestamped, Dump dump) {
    if (Store* with_headers = detail::with_headers(store)) {
        const bool of_join = kind == "window";
        return {{"kind", (of_join ? "headers_timestamped_" : "headers_") + kind},
                {"entries", dump(*with_headers, Layout{true, timestamped || of_join})}};
    }
    return {{"kind", kind}, {"entries", dump(store, Layout{false, timestamped})}};
}

Json dump_store(const StoreSpec& spec, TopologyTestDriver& driver, const Seen& seen) {
    switch (spec.kind) {
        case StoreKind::kVersionedKeyValue:
            return {{"kind", "versioned"},
                    {"entries", dump_versions(driver.versioned_store(spec.name), seen)}};
        case StoreKind::kKeyValue:
            if (is_buffer(spec.name)) {
                return {{"kind", "opaque"}, {"entries", Json::array()}};
            }
            if (holds_lists(spec.name)) {
                return {{"kind", "key_value"},
                        {"entries", dump_lists(driver.key_value_store(spec.name))}};
            }
            return dump_as("key_value", driver.key_value_store(spec.name), false, dump_key_values);
        case StoreKind::kTimestampedKeyValue:
            return dump_as("timestamped_key_value", driver.key_value_store(spec.name), true,
                           dump_key_values);
        case StoreKind::kWindow:
            return dump_as("window", driver.window_store(spec.name), false, dump_windows);
        case StoreKind::kTimestampedWindow:
            return dump_as("timestamped_window", driver.window_store(spec.name), true,
                           dump_windows);
        case StoreKind::kSession:
            return dump_as("session", driver.session_store(spec.name), false,
                           [&](SessionBytesStore& store, Layout layout) {
                               return dump_sessions(store, layout, seen);
                           });
        case StoreKind::kChangeBuffer:
            return {{"kind", "opaque"}, {"entries", Json::array()}};
    }
    throw std::logic_error("stores of this kind cannot be read yet: " + spec.name);
}

}  // namespace

Json dump_stores(const Topology& topology, TopologyTestDriver& driver,
                 const std::map<std::string, std::string>&, const Seen& seen) {
    std::map<std::string, const StoreSpec*> specs;
    for (const StoreSpec& spec : topology.spec().stores) {
        specs.emplace(spec.name, &spec);
    }
    for (const auto& global : topology.spec().global_stores) {
        specs.emplace(global.store.name, &global.store);
    }
    driver.empty_caches();
    Json stores = Json::object();
    for (const std::string& name : driver.store_names()) {
        stores[name] = dump_store(*specs.at(name), driver, seen);
    }
    return stores;
}

}  // namespace millrace::parity
