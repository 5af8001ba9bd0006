// SPDX-License-Identifier: Apache-2.0

// Direct calls of key-value stores, as in the recorder's StoreCalls.java.
#include "store_calls.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace millrace::parity {

Words words_of(const std::string& line) {
    Words words;
    for (std::size_t at = 0; at <= line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

Str bound(const std::string& word) {
    return word == "*" ? std::nullopt : Str(word);
}

void unknown_command(const std::string& command) {
    throw std::invalid_argument("unknown command: " + command);
}

namespace {

using std::chrono::milliseconds;
using Strings = KeyValueStore<std::string, std::string>;
using Versions = VersionedKeyValueStore<std::string, std::string>;

template <class Rows>
std::string list(Rows rows) {
    std::string shown;
    for (const auto& [key, value] : rows) {
        shown += key + "=" + value + " ";
    }
    return "[" + shown + "]";
}

std::string write(Strings& store, const Words& w) {
    if (w[0] == "put") {
        store.put(w[1], w[2]);
    } else if (w[0] == "putnull") {
        store.erase(w[1]);
    } else if (w[0] == "putall") {
        store.put(w[1], w[2]);
        store.erase("ab");
        store.put("c", "all");
    } else {
        unknown_command(w[0]);
    }
    return "ok";
}

std::string key_value(Strings& store, const StrRecord&, const Words& w) {
    if (w[0] == "absent") {
        return text(store.put_if_absent(w[1], w[2]));
    }
    if (w[0] == "delete") {
        const Str old = store.get(w[1]);
        store.erase(w[1]);
        return text(old);
    }
    if (w[0] == "get") {
        return text(store.get(w[1]));
    }
    if (w[0] == "range") {
        return list(store.range(bound(w[1]), bound(w[2])));
    }
    if (w[0] == "reverse") {
        return list(store.range(bound(w[1]), bound(w[2]), RowOrder::kReverse));
    }
    if (w[0] == "all") {
        return list(store.all());
    }
    if (w[0] == "reverseall") {
        return list(store.all(RowOrder::kReverse));
    }
    if (w[0] == "prefix") {
        return list(store.prefix_scan(w[1]));
    }
    return write(store, w);
}

auto strings(KeyValueStoreSupplier supplier) {
    return stores::key_value_store<std::string, std::string>(std::move(supplier));
}

Topology on_disk(Case& c) {
    return commands(c, strings(stores::persistent_key_value_store("kv")), key_value);
}

Topology in_memory(Case& c) {
    return commands(c, strings(stores::in_memory_key_value_store("kv")), key_value);
}

Topology cached(Case& c) {
    return commands(c, strings(stores::persistent_key_value_store("kv")).with_caching(), key_value);
}

Topology lru(Case& c) {
    return commands(c, strings(stores::lru_map("lru", 3)), key_value);
}

Topology many_writes(Case& c) {
    c.b.add_state_store(strings(stores::persistent_key_value_store("cached")).with_caching());
    c.b.add_state_store(strings(stores::persistent_key_value_store("direct")));
    c.stream("in")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
                     for (const std::string name : {"cached", "direct"}) {
                         if (!r.key) {
                             continue;
                         }
                         auto store = ctx.store<Strings>(name);
                         const Str old = store.get(*r.key);
                         store.put(*r.key, "x");
                         store.put("z", *r.key);
                         if (r.value) {
                             store.put(*r.key, *r.value);
                         } else {
                             store.erase(*r.key);
                         }
                         store.put("b", "y");
                         emit_value(ctx, r, name + " " + text(old) + " " + text(store.get(*r.key)));
                     }
                 }),
                 {.stores = {"cached", "direct"}})
        .to("out");
    return c.build();
}

Topology integer_keys(Case& c) {
    const auto builder = stores::key_value_store<std::int32_t, std::string>(
        stores::persistent_key_value_store("ints"));
    return commands(c, builder, [](auto& store, const StrRecord&, const Words& w) {
        const auto number = [&](std::size_t word) {
            return static_cast<std::int32_t>(parse_long(w[word]));
        };
        if (w[0] == "put") {
            store.put(number(1), w[2]);
            return std::string("ok");
        }
        std::string shown;
        const auto show = [&shown](auto rows) {
            for (const auto& [key, value] : rows) {
                shown += std::to_string(key) + "=" + value + " ";
            }
        };
        if (w[0] == "range") {
            show(store.range(number(1), number(2)));
        } else {
            show(store.all(w[0] == "all" ? RowOrder::kForward : RowOrder::kReverse));
        }
        return shown;
    });
}

std::string show(const std::optional<ValueAndTimestamp<std::string>>& row) {
    return row ? row->value + "@" + digits(row->timestamp) : "none";
}

Topology timestamped(Case& c) {
    const auto builder = stores::timestamped_key_value_store<std::string, std::string>(
        stores::persistent_key_value_store("ts"));
    return commands(c, builder, [](auto& store, const StrRecord&, const Words& w) {
        if (w[0] == "put") {
            store.put(w[1], {w[3], timestamp_of(parse_long(w[2]))});
            return std::string("ok");
        }
        if (w[0] == "get" || w[0] == "delete") {
            const auto row = store.get(w[1]);
            if (w[0] == "delete") {
                store.erase(w[1]);
            }
            return show(row);
        }
        std::string shown;
        for (const auto& [key, value] : store.all()) {
            shown += key + "=" + show(value) + " ";
        }
        return shown;
    });
}

/// Without the end of its validity, which Kafka Streams' processors cannot see.
std::string show(const std::optional<VersionedRecord<std::string>>& version) {
    return version ? version->value + "@" + digits(version->timestamp) + "-" : "none";
}

/// Kafka Streams' representation: -1 for the latest, the smallest number for a version that was not
/// stored.
std::string show(const VersionPut& put) {
    return !put.stored    ? std::to_string(std::numeric_limits<std::int64_t>::min())
           : put.valid_to ? digits(*put.valid_to)
                          : "-1";
}

std::string versioned_call(Versions& store, const StrRecord& r, const Words& w) {
    const Timestamp t = r.timestamp;
    if (w[0] == "put") {
        return show(store.put(w[1], w[2] + digits(t), t));
    }
    if (w[0] == "putnull") {
        return show(store.put(w[1], std::nullopt, t));
    }
    if (w[0] == "delete") {
        return show(store.erase(w[1], t));
    }
    if (w[0] == "get") {
        return show(store.get(w[1]));
    }
    const std::int64_t number = parse_long(w[2]);
    return show(store.get(w[1], w[0] == "asof" ? timestamp_of(number) : t - milliseconds(number)));
}

Topology versioned(Case& c) {
    return commands(c,
                    stores::versioned_key_value_store<std::string, std::string>(
                        stores::persistent_versioned_store("ver", milliseconds(40))),
                    versioned_call);
}

Topology versioned_segments(Case& c) {
    return commands(
        c,
        stores::versioned_key_value_store<std::string, std::string>(
            stores::persistent_versioned_store("ver", milliseconds(400), milliseconds(60))),
        versioned_call);
}

}  // namespace

Scenarios store_calls() {
    return {{"store-calls-key-value", on_disk},
            {"store-calls-key-value-in-memory", in_memory},
            {"store-calls-key-value-cached", cached},
            {"store-calls-key-value-many-writes", many_writes},
            {"store-calls-lru", lru},
            {"store-calls-integer-keys", integer_keys},
            {"store-calls-timestamped", timestamped},
            {"store-calls-versioned", versioned},
            {"store-calls-versioned-segments", versioned_segments}};
}

}  // namespace millrace::parity
