// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace millrace::detail {
struct RecordContext;  // millrace/detail/state/flush_listener.hpp
}

namespace millrace::state {

/// What stores need from their task.
class StoreContext {
  public:
    virtual ~StoreContext() = default;

    virtual const millrace::detail::RecordContext& record() const = 0;

    /// Appends to the changelog of `store` (its index in the list of specs). `headers` may be null.
    virtual void log_change(std::size_t store, BytesView key, const NullableBytes& value,
                            std::optional<Timestamp> timestamp, const Headers* headers) = 0;

    /// Counts a record that is too late for a window, session or version.
    virtual void dropped_expired(const std::string& store) = 0;
};

/// A changelog record: a view.
struct ChangelogRecord {
    NullableBytes key;
    NullableBytes value;
    Timestamp timestamp = kNoTimestamp;
    Offset offset = -1;
    const Headers* headers = nullptr;
};

}  // namespace millrace::state
