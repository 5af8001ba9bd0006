// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/check.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "state/format/window_key.hpp"
#include "state/stores/put_times.hpp"
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

    /// Calls `append` with the value, optional timestamp and headers (may be null) of a row's
    /// changelog record. They are arguments, not a returned struct: reading that right after it was
    /// written causes a store-forwarding stall. Throws std::invalid_argument if the time of the row
    /// is negative.
    template <class F>
    void with_logged(const NullableBytes& row, const detail::RecordContext& context, F&& append) {
        const bool context_headers = logs_record_headers_ || keeps_headers_;
        const Headers* headers = context_headers ? context.headers : nullptr;
        std::optional<Timestamp> time;
        if (logs_record_time_) {
            time = context.timestamp;
        }
        if (!row) {
            append(NullableBytes(), time, headers);
            return;
        }
        BytesView value = *row;
        if (keeps_headers_) [[unlikely]] {
            value = take_headers(value);
            headers = &logged_headers_;
        }
        if (timestamped_) {
            time = time_of(value);
            value.remove_prefix(kTimeSize);
        }
        append(NullableBytes(value), time, headers);
    }

    /// The row of a changelog record.
    NullableBytes restored(const ChangelogRecord& record);

  private:
    BytesView with_headers(BytesView value, Timestamp time, const StoreContext* context);
    BytesView without_headers(BytesView row) const;
    BytesView take_headers(BytesView row);
    Timestamp time_of(BytesView value) const {
        MILLRACE_CHECK(value.size() >= kTimeSize);
        const Timestamp time = read_time(value, 0);
        check_timestamp(spec_, time);
        return time;
    }

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
