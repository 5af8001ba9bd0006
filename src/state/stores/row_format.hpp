// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "state/stores/store_context.hpp"

#include <concepts>
#include <optional>

namespace millrace::state {

/// The prefix of the values of a store's rows, and the part of it that is logged.
///
///     row         [headers] [time] value
///     changelog   value; headers and time are those of the changelog record
///
/// Headers: stores with headers (KIP-1271), docs/formats/stored-headers.md. Time: the values of
/// timestamped stores start with it; join stores with headers have a separate one.
///
/// Views are valid until the next call. Not thread-safe.
class RowFormat {
  public:
    /// `spec` must outlive this.
    explicit RowFormat(const detail::StoreSpec& spec);

    bool keeps_headers() const noexcept { return keeps_headers_; }

    /// Converts a value, as users of the store see it, to its row and back. A row is its value
    /// unless the store has headers.
    const NullableBytes& row_of(const NullableBytes& value, Timestamp time,
                                const StoreContext* context) {
        if (!value || !keeps_headers_) [[likely]] {
            return value;
        }
        headed_ = with_headers(*value, time, context);
        return headed_;
    }
    NullableBytes value_of(const NullableBytes& row) const {
        return row && keeps_headers_ ? without_headers(*row) : row;
    }

    /// The value of the row that `read` returns, without a copy: a copy causes a store-forwarding
    /// stall, which is a quarter of the cost of a cached read.
    template <std::invocable F>
    NullableBytes value_of(F&& read) const {
        if (!keeps_headers_) [[likely]] {
            return read();
        }
        return value_of(read());
    }

    /// The changelog value of a row.
    struct Logged {
        NullableBytes value;
        std::optional<Timestamp> timestamp;
        const Headers* headers;  ///< May be null.
    };
    /// Throws std::invalid_argument if the time of the row is negative.
    Logged logged(const NullableBytes& row, const detail::RecordContext& context);

    /// The row of a changelog record.
    NullableBytes restored(const ChangelogRecord& record);

  private:
    BytesView with_headers(BytesView value, Timestamp time, const StoreContext* context);
    BytesView without_headers(BytesView row) const;

    const detail::StoreSpec& spec_;
    bool keeps_headers_;
    bool headers_of_record_;    // Rows have those of the current record; otherwise none.
    bool adds_time_;            // To rows with headers, for stores whose values have no time.
    bool timestamped_;          // Values start with their time.
    bool logs_record_time_;     // In the changelog, unless the value has one.
    bool logs_record_headers_;  // Unless the row has some.
    Bytes row_;
    NullableBytes headed_;  // row_
    Headers logged_headers_;
};

}  // namespace millrace::state
