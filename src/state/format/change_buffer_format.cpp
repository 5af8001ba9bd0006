// SPDX-License-Identifier: Apache-2.0
#include "state/format/change_buffer_format.hpp"

#include "core/byte_reader.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/state/stored_headers.hpp"
#include "state/format/window_key.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace::state {
namespace {

constexpr std::size_t kIntSize = 4;
constexpr std::int32_t kNull = -1;
constexpr std::int32_t kAsPrior = -2;

void append_int(std::int32_t value, Bytes& out) {
    append_big_endian(static_cast<std::uint32_t>(value), kIntSize, out);
}

void append_sized(const NullableBytes& bytes, Bytes& out) {
    if (!bytes) {
        append_int(kNull, out);
        return;
    }
    append_int(static_cast<std::int32_t>(bytes->size()), out);
    out.append(*bytes);
}

NullableBytes view(const NullableOwnedBytes& bytes) {
    return bytes ? NullableBytes(*bytes) : std::nullopt;
}

struct Malformed {
    [[noreturn]] void operator()() const {
        throw StateError("a buffered change in a changelog is truncated or has an unknown format");
    }
};

class Reader : public ByteReader<Malformed> {
  public:
    using ByteReader::ByteReader;

    NullableOwnedBytes take_sized() { return take_sized(number<std::int32_t>()); }
    NullableOwnedBytes take_sized(std::int32_t size) {
        if (size == kNull) {
            return std::nullopt;
        }
        if (size < 0) {
            fail();
        }
        return Bytes(take(static_cast<std::size_t>(size)));
    }
    Bytes take_bytes() {
        NullableOwnedBytes taken = take_sized();
        if (!taken) {
            fail();
        }
        return std::move(*taken);
    }
};

void take_headers(Reader& reader, Headers& headers) {
    const std::int32_t count = reader.number<std::int32_t>();
    if (count < 0) {
        reader.fail();
    }
    for (std::int32_t i = 0; i < count; ++i) {
        std::string key = reader.take_bytes();
        headers.add(std::move(key), reader.take_sized());
    }
}

Bytes origin_of(const NullableOwnedBytes& value, const Header* logged, Timestamp fallback) {
    if (!value) {
        return {};
    }
    return logged != nullptr && logged->value ? *logged->value : value_origin({}, fallback);
}

}  // namespace

Bytes value_origin(const Headers& headers, Timestamp time) {
    Bytes origin;
    detail::append_stored_headers(headers, origin);
    detail::append_time(time, origin);
    return origin;
}

bool is_old_as_prior(const detail::BufferedChange& change) {
    return change.old_value == change.prior_value &&
           (change.origins == nullptr || change.origins->old == change.origins->prior);
}

void append_origins(const detail::BufferedChange& change, Headers& out) {
    if (change.origins == nullptr) {
        return;
    }
    if (change.prior_value && !is_old_as_prior(change)) {
        out.add(kPriorOriginHeader, change.origins->prior);
    }
    if (change.old_value) {
        out.add(kOldOriginHeader, change.origins->old);
    }
}

std::shared_ptr<const detail::ValueOrigins> origins_of(const detail::BufferedChange& change,
                                                       const Headers& logged) {
    const Header* old = logged.last(kOldOriginHeader);
    const Header* prior = logged.last(kPriorOriginHeader);
    if (prior == nullptr && change.old_value == change.prior_value) {
        prior = old;
    }
    auto origins = std::make_shared<detail::ValueOrigins>();
    origins->old = origin_of(change.old_value, old, change.timestamp);
    origins->prior = origin_of(change.prior_value, prior, change.timestamp);
    return origins;
}

void append_buffered_change(const detail::BufferedChange& change, Timestamp time, Bytes& out) {
    detail::append_time(change.timestamp, out);
    append_big_endian(static_cast<std::uint64_t>(change.offset), kTimeSize, out);
    append_sized(change.topic != nullptr ? BytesView(*change.topic) : BytesView(), out);
    append_int(change.partition, out);
    append_int(static_cast<std::int32_t>(change.headers.size()), out);
    for (const Header& header : change.headers) {
        append_sized(BytesView(header.key), out);
        append_sized(view(header.value), out);
    }
    append_sized(view(change.prior_value), out);
    if (change.old_value && change.old_value == change.prior_value) {
        append_int(kAsPrior, out);
    } else {
        append_sized(view(change.old_value), out);
    }
    append_sized(view(change.new_value), out);
    detail::append_time(time, out);
}

DecodedChange decode_buffered_change(BytesView bytes) {
    Reader reader(bytes);
    DecodedChange decoded;
    decoded.change.timestamp = timestamp_of(reader.number<std::int64_t>());
    decoded.change.offset = reader.number<std::int64_t>();
    decoded.topic = reader.take_bytes();
    decoded.change.partition = reader.number<std::int32_t>();
    take_headers(reader, decoded.change.headers);
    decoded.change.prior_value = reader.take_sized();
    const std::int32_t old_size = reader.number<std::int32_t>();
    decoded.change.old_value =
        old_size == kAsPrior ? decoded.change.prior_value : reader.take_sized(old_size);
    decoded.change.new_value = reader.take_sized();
    decoded.time = timestamp_of(reader.number<std::int64_t>());
    if (!reader.done()) {
        reader.fail();
    }
    return decoded;
}

}  // namespace millrace::state
