// SPDX-License-Identifier: Apache-2.0

// Direct calls of session stores, as in the recorder's StoreCalls.java.
#include "store_calls.hpp"

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;
using Sessions = SessionStore<std::string, std::string>;

std::string list(Sessions::Iterator rows) {
    std::string shown;
    for (const auto& row : rows) {
        shown += row.key + "@" + digits(row.session.start) + "/" + digits(row.session.end) + "=" +
                 row.value + " ";
    }
    return "[" + shown + "]";
}

std::string remove_first(Sessions& store, const std::string& key) {
    std::optional<SessionWindow> gone;
    if (const auto rows = store.fetch(key); rows.valid()) {
        gone = rows.row().session;
    }
    if (!gone) {
        return "none";
    }
    store.erase(key, *gone);
    return "removed " + digits(gone->start) + "/" + digits(gone->end);
}

std::string call(Sessions& store, const StrRecord& r, const Words& w) {
    const Timestamp t = r.timestamp;
    const SessionWindow at_hand{t - milliseconds(milliseconds_of(t) % 7), t};
    const Timestamp from = t - milliseconds(10);
    const Timestamp to = t + milliseconds(10);
    const RowOrder order =
        w[0].ends_with("back") || w[0] == "backward" ? RowOrder::kReverse : RowOrder::kForward;
    if (w[0] == "put") {
        store.put(w[1], at_hand, w[2] + digits(t));
        return "ok";
    }
    if (w[0] == "remove") {
        return remove_first(store, w[1]);
    }
    if (w[0] == "get") {
        return text(store.fetch_session(w[1], at_hand));
    }
    if (w[0] == "fetch" || w[0] == "backward") {
        return list(store.fetch(w[1], order));
    }
    if (w[0] == "range" || w[0] == "rangeback") {
        return list(store.fetch_range(bound(w[1]), bound(w[2]), order));
    }
    if (w[0] == "find" || w[0] == "findback") {
        return list(store.find_sessions(w[1], from, to, order));
    }
    if (w[0] == "findrange") {
        return list(store.find_sessions_in_range(bound(w[1]), bound(w[2]), from, to));
    }
    unknown_command(w[0]);
}

auto strings(SessionStoreSupplier supplier) {
    return stores::session_store<std::string, std::string>(std::move(supplier));
}

Topology on_disk(Case& c) {
    return commands(c, strings(stores::persistent_session_store("ses", milliseconds(60))), call);
}

Topology in_memory(Case& c) {
    return commands(c, strings(stores::in_memory_session_store("ses", milliseconds(60))), call);
}

Topology cached(Case& c) {
    return commands(
        c, strings(stores::persistent_session_store("ses", milliseconds(60))).with_caching(), call);
}

Topology segments(Case& c) {
    return commands(c, strings(stores::persistent_session_store("ses", milliseconds(150'000))),
                    call);
}

}  // namespace

Scenarios store_calls_sessions() {
    return {{"store-calls-session", on_disk},
            {"store-calls-session-in-memory", in_memory},
            {"store-calls-session-cached", cached},
            {"store-calls-session-segments", segments}};
}

}  // namespace millrace::parity
