// SPDX-License-Identifier: Apache-2.0
#include "state/format/checkpoint.hpp"

#include "core/byte_reader.hpp"
#include "millrace/core/error.hpp"
#include "state/format/segment_interval.hpp"
#include "state/format/state_corrupted.hpp"
#include "state/format/window_key.hpp"

#include <cstdint>
#include <utility>

namespace millrace::state {

using detail::StoreKind;

namespace {

// The first byte of a metadata row. Formats before kShape did not describe the rows of the store.
constexpr std::uint8_t kPlainRows = 1;
constexpr std::uint8_t kRowsWithHeaders = 2;
constexpr std::uint8_t kShape = 3;
constexpr std::uint8_t kShapeAndPositions = 4;
constexpr std::uint8_t kMostFormats = 0x7f;  // Above that, the row is damaged, not newer.

constexpr std::size_t kOffsetSize = 8;
constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kCountSize = 4;
constexpr std::size_t kEpochSize = 4;

// Numbers on disk; do not change them.
constexpr std::pair<StoreKind, std::uint8_t> kKinds[] = {
    {StoreKind::kKeyValue, 1}, {StoreKind::kTimestampedKeyValue, 2},
    {StoreKind::kWindow, 3},   {StoreKind::kTimestampedWindow, 4},
    {StoreKind::kSession, 5},  {StoreKind::kVersionedKeyValue, 6},
};
constexpr std::pair<StoreShape::RowForm, std::uint8_t> kForms[] = {
    {StoreShape::RowForm::kPlain, 0},
    {StoreShape::RowForm::kHeaders, 1},
    {StoreShape::RowForm::kHeadersAndTime, 2},
};

template <class Pairs, class Value>
std::uint8_t number_of(const Pairs& pairs, Value value) {
    for (const auto& [each, number] : pairs) {
        if (each == value) {
            return number;
        }
    }
    throw InternalError("a store of this kind has no row in the state database");
}

struct Malformed {
    const std::string& where;

    [[noreturn]] void operator()() const {
        throw StateCorrupted("cannot read the state database: " + where +
                             ": its metadata row has an unknown format");
    }
};

class Reader : public ByteReader<Malformed> {
  public:
    Reader(BytesView row, const std::string& where) : ByteReader(row, Malformed{where}) {}

    Bytes text() { return Bytes(sized<std::uint32_t>()); }

    template <class Pairs>
    auto one_of(const Pairs& pairs) {
        const auto read = number<std::uint8_t>();
        for (const auto& [value, code] : pairs) {
            if (code == read) {
                return value;
            }
        }
        fail();
    }

    /// An offset, time or length that is unknown, or at least 0.
    std::int64_t known_or_not() {
        const auto read = number<std::int64_t>();
        if (read < -1) {
            fail();
        }
        return read;
    }

    bool flag() {
        const auto read = number<std::uint8_t>();
        if (read > 1) {
            fail();
        }
        return read == 1;
    }
};

StoreShape read_shape(Reader& reader) {
    StoreShape shape;
    shape.kind = reader.one_of(kKinds);
    shape.row_form = reader.one_of(kForms);
    shape.backed_up = reader.flag();
    shape.segment_interval = reader.number<std::int64_t>();
    shape.retention = reader.number<std::int64_t>();
    shape.source_topic = reader.text();
    shape.key_type = reader.text();
    shape.value_type = reader.text();
    if (is_segmented(shape.kind) != (shape.segment_interval > 0) || shape.segment_interval < 0 ||
        shape.retention < 0) {
        reader.fail();
    }
    return shape;
}

TopicPositions read_positions(Reader& reader) {
    TopicPositions positions;
    for (auto left = reader.number<std::uint32_t>(); left > 0; --left) {
        TopicPosition& position = positions.emplace_back();
        position.next = reader.number<std::int64_t>();
        position.leader_epoch = reader.number<std::int32_t>();
        if (position.next < 0) {
            reader.fail();
        }
    }
    return positions;
}

void append_front(std::uint8_t format, std::optional<Offset> offset, Timestamp current_at,
                  BytesView shape, Bytes& out) {
    out.push_back(static_cast<char>(format));
    append_big_endian(static_cast<std::uint64_t>(offset.value_or(-1)), kOffsetSize, out);
    detail::append_time(current_at, out);
    out.append(shape);
}

}  // namespace

Bytes shape_bytes(const StoreShape& shape) {
    Bytes out;
    out.push_back(static_cast<char>(number_of(kKinds, shape.kind)));
    out.push_back(static_cast<char>(number_of(kForms, shape.row_form)));
    out.push_back(shape.backed_up ? '\1' : '\0');
    append_big_endian(static_cast<std::uint64_t>(shape.segment_interval), kOffsetSize, out);
    append_big_endian(static_cast<std::uint64_t>(shape.retention), kOffsetSize, out);
    for (const std::string* text : {&shape.source_topic, &shape.key_type, &shape.value_type}) {
        append_big_endian(text->size(), kLengthSize, out);
        out.append(*text);
    }
    return out;
}

void append_checkpoint(std::optional<Offset> offset, Timestamp current_at, BytesView shape,
                       Bytes& out) {
    append_front(kShape, offset, current_at, shape, out);
}

void append_checkpoint(const TopicPositions& positions, Timestamp current_at, BytesView shape,
                       Bytes& out) {
    append_front(kShapeAndPositions, std::nullopt, current_at, shape, out);
    append_big_endian(positions.size(), kCountSize, out);
    for (const TopicPosition& position : positions) {
        append_big_endian(static_cast<std::uint64_t>(position.next), kOffsetSize, out);
        append_big_endian(static_cast<std::uint32_t>(position.leader_epoch), kEpochSize, out);
    }
}

Checkpoint read_checkpoint(BytesView row, const std::string& where) {
    Reader reader(row, where);
    const std::uint8_t format = reader.number<std::uint8_t>();
    if (format > kShapeAndPositions && format <= kMostFormats) {
        throw StateError("a newer version of Millrace wrote this state: " + where + ", format " +
                         std::to_string(format) + ", known up to " +
                         std::to_string(kShapeAndPositions) +
                         "; run that version again, or remove the task's folder and let the "
                         "changelogs rebuild it");
    }
    if (format < kPlainRows || format > kShapeAndPositions) {
        reader.fail();
    }
    Checkpoint read;
    if (const std::int64_t offset = reader.known_or_not(); offset >= 0) {
        read.offset = offset;
    }
    read.current_at = timestamp_of(reader.known_or_not());
    read.headers = format == kRowsWithHeaders;
    if (format >= kShape) {
        read.shape = read_shape(reader);
        read.headers = read.shape->row_form != StoreShape::RowForm::kPlain;
    }
    if (format == kShapeAndPositions) {
        if (read.offset) {
            reader.fail();
        }
        read.positions = read_positions(reader);
    }
    read.rest = Bytes(reader.rest());
    return read;
}

}  // namespace millrace::state
