// SPDX-License-Identifier: Apache-2.0
#include "state/stores/row_format.hpp"

#include "core/check.hpp"
#include "millrace/detail/state/stored_headers.hpp"
#include "state/format/window_key.hpp"

namespace millrace::state {
namespace {

using detail::StoredHeaders;
using detail::StoreKind;

const Headers& or_none(const Headers* headers) {
    static const Headers none;
    return headers != nullptr ? *headers : none;
}

}  // namespace

RowFormat::RowFormat(const detail::StoreSpec& spec)
    : spec_(spec),
      keeps_headers_(spec.headers != StoredHeaders::kNone),
      headers_of_record_(spec.headers == StoredHeaders::kOfRecordIfAsked),
      adds_time_(headers_of_record_ && spec.kind == StoreKind::kWindow),
      timestamped_(spec.kind == StoreKind::kTimestampedKeyValue ||
                   spec.kind == StoreKind::kTimestampedWindow),
      logs_record_time_(spec.log_timestamps),
      logs_record_headers_(spec.log_headers || spec.retain_duplicates) {}

BytesView RowFormat::with_headers(BytesView value, Timestamp time, const StoreContext* context) {
    const bool of_record = headers_of_record_ && context != nullptr;
    row_.clear();
    detail::append_stored_headers(or_none(of_record ? context->record().headers : nullptr), row_);
    if (adds_time_) {
        detail::append_time(time, row_);
    }
    return row_.append(value);
}

BytesView RowFormat::without_headers(BytesView row) const {
    detail::take_stored_headers(row);
    row.remove_prefix(adds_time_ ? kTimeSize : 0);
    return row;
}

/// Reads the headers of a row, and returns the rest.
BytesView RowFormat::take_headers(BytesView row) {
    logged_headers_.clear();
    detail::read_stored_headers(detail::take_stored_headers(row), logged_headers_);
    row.remove_prefix(adds_time_ ? kTimeSize : 0);
    return row;
}

NullableBytes RowFormat::restored(const ChangelogRecord& record) {
    if (!record.value || !(timestamped_ || keeps_headers_)) {
        return record.value;
    }
    row_.clear();
    if (keeps_headers_) {
        detail::append_stored_headers(or_none(record.headers), row_);
    }
    if (timestamped_ || adds_time_) {
        detail::append_time(record.timestamp, row_);
    }
    return BytesView(row_.append(*record.value));
}

}  // namespace millrace::state
