// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/store_rows.hpp"

#include "core/check.hpp"
#include "millrace/client/query.hpp"
#include "millrace/detail/serde/times.hpp"
#include "millrace/serde/string.hpp"

#include <string>

namespace millrace::testing::simulated {

namespace {

using detail::kTimeSize;
using detail::StoreKind;
using detail::StoreSpec;

constexpr std::size_t kSequenceSize = 4;
constexpr Timestamp kFirst = timestamp_of(0);

// The serdes of strings keep all bytes.
using KeyValueRows = ReadOnlyKeyValueStore<std::string, std::string>;
using WindowRows = ReadOnlyWindowStore<std::string, std::string>;
using SessionRows = ReadOnlySessionStore<std::string, std::string>;

template <class Store>
Store query(KafkaStreams& client, const StoreSpec& store) {
    return client.store<Store>(store.name, typename Store::Serdes{});
}

bool is_window(const StoreSpec& store) {
    return store.kind == StoreKind::kWindow || store.kind == StoreKind::kTimestampedWindow;
}

}  // namespace

bool readable(const StoreSpec& store) {
    return store.kind == StoreKind::kKeyValue || store.kind == StoreKind::kTimestampedKeyValue ||
           store.kind == StoreKind::kSession || is_window(store);
}

void add_rows(KafkaStreams& client, const StoreSpec& store, StoreRows& rows) {
    if (is_window(store)) {
        for (auto& row : query<WindowRows>(client, store).fetch_all(kFirst, Timestamp::max())) {
            detail::append_time(row.start, row.key);
            rows[std::move(row.key)].insert(std::move(row.value));
        }
    } else if (store.kind == StoreKind::kSession) {
        const std::string last(100, '\xff');  // After the keys of all tests.
        for (auto& row : query<SessionRows>(client, store).fetch_range("", last)) {
            detail::append_time(row.session.end, row.key);
            detail::append_time(row.session.start, row.key);
            rows[std::move(row.key)].insert(std::move(row.value));
        }
    } else {
        for (auto& [key, value] : query<KeyValueRows>(client, store).all()) {
            rows[std::move(key)].insert(std::move(value));
        }
    }
}

Bytes row_key(const StoreSpec& store, const Bytes& changelog_key) {
    if (!is_window(store)) {
        return changelog_key;
    }
    MILLRACE_CHECK(changelog_key.size() >= kTimeSize + kSequenceSize);
    return changelog_key.substr(0, changelog_key.size() - kSequenceSize);
}

std::optional<std::int64_t> row_time(const StoreSpec& store, const Bytes& row_key) {
    if (is_window(store)) {
        return milliseconds_of(detail::time_at(row_key, row_key.size() - kTimeSize));
    }
    if (store.kind == StoreKind::kSession) {
        return milliseconds_of(detail::time_at(row_key, row_key.size() - 2 * kTimeSize));
    }
    return std::nullopt;
}

}  // namespace millrace::testing::simulated
