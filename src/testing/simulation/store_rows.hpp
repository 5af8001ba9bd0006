// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/kafka_streams.hpp"
#include "millrace/core/bytes.hpp"
#include "millrace/detail/state/store_spec.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>

namespace millrace::testing::simulated {

/// The rows of a store: values without timestamps, by the key of their changelog record. Keys of
/// window stores are without the sequence number, which a query does not return; therefore a key of
/// a store that keeps duplicates has several values.
using StoreRows = std::map<Bytes, std::multiset<Bytes>>;

/// Whether `add_rows` can read a store of that kind.
bool readable(const detail::StoreSpec& store);

/// Adds the rows of all tasks of the client. Errors: StateError as for any query.
void add_rows(KafkaStreams& client, const detail::StoreSpec& store, StoreRows& rows);

/// The key of the row that a changelog record writes.
Bytes row_key(const detail::StoreSpec& store, const Bytes& changelog_key);

/// What decides when a row expires: the start of its window or the end of its session. Nothing for
/// rows that do not expire.
std::optional<std::int64_t> row_time(const detail::StoreSpec& store, const Bytes& row_key);

}  // namespace millrace::testing::simulated
