// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/store_checks.hpp"

#include "millrace/client/query.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/serde/string.hpp"

#include <map>
#include <utility>

namespace millrace::testing::simulated {

namespace {

using Rows = std::map<std::string, std::string>;
using RawStore = ReadOnlyKeyValueStore<std::string, std::string>;  // Their serdes keep all bytes.

Rows rows_of(const std::string& store, const std::vector<KafkaStreams*>& clients) {
    Rows rows;
    for (KafkaStreams* const client : clients) {
        try {
            for (auto& [key, value] : client->store<RawStore>(store, RawStore::Serdes{}).all()) {
                rows[std::move(key)] = std::move(value);
            }
        } catch (const StateError&) {
            continue;  // It has no task with the store.
        }
    }
    return rows;
}

/// The last value of each key.
Rows fold(const std::vector<BrokerRecord>& records) {
    Rows rows;
    for (const BrokerRecord& record : records) {
        if (!record.key) {
            continue;
        }
        if (record.value) {
            rows[*record.key] = *record.value;
        } else {
            rows.erase(*record.key);
        }
    }
    return rows;
}

}  // namespace

std::vector<std::string> store_differences(const Topology& topology,
                                           const std::string& application_id,
                                           const EmbeddedBroker& broker,
                                           const std::vector<KafkaStreams*>& clients) {
    std::vector<std::string> found;
    for (const auto& store : topology.spec().stores) {
        const std::string changelog = application_id + "-" + store.name + "-changelog";
        if (store.kind != detail::StoreKind::kKeyValue || !store.logging ||
            !broker.topics().contains(changelog)) {
            continue;
        }
        const Rows expected = fold(broker.records(changelog));
        const Rows rows = rows_of(store.name, clients);
        for (const auto& [key, value] : expected) {
            const auto row = rows.find(key);
            if (row == rows.end()) {
                found.push_back("store " + store.name + " misses a row of its changelog: " + key);
            } else if (row->second != value) {
                found.push_back("store " + store.name +
                                " has another value than its changelog: " + key);
            }
        }
        for (const auto& [key, value] : rows) {
            if (!expected.contains(key)) {
                found.push_back("store " + store.name +
                                " has a row that its changelog has not: " + key);
            }
        }
    }
    return found;
}

}  // namespace millrace::testing::simulated
