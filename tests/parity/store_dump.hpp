// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/testing/topology_test_driver.hpp"

#include <map>
#include <set>
#include <string>

namespace millrace::parity {

/// Keys and times that occurred in a run: some stores can only be queried by key or time.
struct Seen {
    std::set<Bytes> keys;
    std::set<std::int64_t> times;

    void add(const testing::BytesRecord& record) {
        if (record.key) {
            keys.insert(*record.key);
        }
        if (record.timestamp) {
            times.insert(milliseconds_of(*record.timestamp));
        }
    }
};

/// The content of all stores of a driver, as the field "stores" of a case.
Json dump_stores(const Topology& topology, testing::TopologyTestDriver& driver,
                 const std::map<std::string, std::string>& settings, const Seen& seen);

}  // namespace millrace::parity
