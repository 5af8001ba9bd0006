// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "state/stores/store_context.hpp"

#include <optional>

namespace millrace::state {

/// What a store's rows have in front of their values, and what of it goes to the changelog.
///
///     row         [headers] [time] value
///     changelog   value; headers and time are those of the changelog record
///
/// Headers: stores that keep them (KIP-1271), docs/formats/stored-headers.md. Time: the values of
/// timestamped stores begin with it; join stores that keep headers have one of their own.
///
/// Views live until the next call. Not thread-safe.
class RowFormat {
  public:
    explicit RowFormat(const detail::StoreSpec& spec);

    bool keeps_headers() const noexcept { return keeps_headers_; }

    /// The row of a value as users of the store see it, and back. A row is its value unless the
    /// store keeps headers.
    NullableBytes row_of(const NullableBytes& value, Timestamp time, const StoreContext* context) {
        return value && keeps_headers_ ? with_headers(*value, time, context) : value;
    }
    NullableBytes value_of(const NullableBytes& row) const {
        return row && keeps_headers_ ? without_headers(*row) : row;
    }

    /// What the changelog has of a row.
    struct Logged {
        NullableBytes value;
        std::optional<Timestamp> timestamp;
        const Headers* headers;  ///< May be null.
    };
    Logged logged(const NullableBytes& row, const detail::RecordContext& context);

    /// The row of a changelog record.
    NullableBytes restored(const ChangelogRecord& record);

  private:
    BytesView with_headers(BytesView value, Timestamp time, const StoreContext* context);
    BytesView without_headers(BytesView row) const;

    bool keeps_headers_;
    bool headers_of_record_;    // Rows have those of the record at hand; otherwise none.
    bool adds_time_;            // To rows with headers, of stores whose values have no time.
    bool timestamped_;          // Values begin with their time.
    bool logs_record_time_;     // In the changelog, unless the value has one.
    bool logs_record_headers_;  // Unless the row has some.
    Bytes row_;
    Headers logged_headers_;
};

}  // namespace millrace::state
