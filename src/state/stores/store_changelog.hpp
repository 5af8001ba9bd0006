// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "state/stores/row_format.hpp"
#include "state/stores/store_environment.hpp"

#include <cstddef>
#include <optional>

namespace millrace::state {

/// The changelog of one store. Appending has no effect for stores without their own changelog, and
/// during a restore.
class StoreChangelog {
  public:
    /// `index`: of the store, in the list of specs. All references must outlive this.
    StoreChangelog(const detail::StoreSpec& spec, std::size_t index,
                   const StoreEnvironment& environment, RowFormat& format)
        : environment_(environment),
          format_(format),
          index_(index),
          logs_(spec.logging && spec.source_topic.empty()) {}

    /// Appends a row with `context`.
    void append_row(BytesView key, const NullableBytes& row, const detail::RecordContext& context) {
        if (appends()) {
            format_.with_logged(row, context,
                                [&](const NullableBytes& value, std::optional<Timestamp> timestamp,
                                    const Headers* headers) {
                                    environment_.context->log_change(index_, key, value, timestamp,
                                                                     headers);
                                });
        }
    }

    /// Appends a record unchanged. `headers` may be null.
    void append(BytesView key, const NullableBytes& value, std::optional<Timestamp> timestamp,
                const Headers* headers) {
        if (appends()) {
            environment_.context->log_change(index_, key, value, timestamp, headers);
        }
    }

  private:
    bool appends() const noexcept { return logs_ && environment_.processing; }

    const StoreEnvironment& environment_;
    RowFormat& format_;
    std::size_t index_;
    bool logs_;
};

}  // namespace millrace::state
