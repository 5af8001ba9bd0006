// SPDX-License-Identifier: Apache-2.0
#include "state/format/store_shape.hpp"

#include "state/format/segment_interval.hpp"

namespace millrace::state {

using detail::StoredHeaders;
using detail::StoreKind;
using detail::StoreSpec;

namespace {

StoreShape::RowForm row_form_of(const StoreSpec& spec) {
    // Changelog values of buffered changes are the same with and without headers.
    if (spec.headers == StoredHeaders::kNone || spec.kind == StoreKind::kChangeBuffer) {
        return StoreShape::RowForm::kPlain;
    }
    const bool adds_time =
        spec.kind == StoreKind::kWindow && spec.headers == StoredHeaders::kOfRecordIfAsked;
    return adds_time ? StoreShape::RowForm::kHeadersAndTime : StoreShape::RowForm::kHeaders;
}

// Kinds of one family have the same changelog format.
enum class Family { kKeys, kWindows, kSessions, kChanges };

Family family_of(StoreKind kind) {
    switch (kind) {
        case StoreKind::kWindow:
        case StoreKind::kTimestampedWindow:
            return Family::kWindows;
        case StoreKind::kSession:
            return Family::kSessions;
        case StoreKind::kChangeBuffer:
            return Family::kChanges;
        default:
            return Family::kKeys;
    }
}

}  // namespace

StoreShape shape_of(const StoreSpec& spec) {
    StoreShape shape;
    shape.kind = spec.kind;
    shape.row_form = row_form_of(spec);
    shape.backed_up = spec.logging || !spec.source_topic.empty();
    shape.segment_interval = is_segmented(spec.kind) ? segment_interval_ms(spec) : 0;
    shape.retention = spec.retention.count();
    shape.source_topic = spec.source_topic;
    shape.key_type = spec.types.custom_key ? "" : spec.types.key;
    shape.value_type = spec.types.custom_value ? "" : spec.types.value;
    return shape;
}

const char* name_of(StoreKind kind) {
    switch (kind) {
        case StoreKind::kKeyValue:
            return "key-value store";
        case StoreKind::kTimestampedKeyValue:
            return "timestamped key-value store";
        case StoreKind::kVersionedKeyValue:
            return "versioned key-value store";
        case StoreKind::kWindow:
            return "window store";
        case StoreKind::kTimestampedWindow:
            return "timestamped window store";
        case StoreKind::kSession:
            return "session store";
        case StoreKind::kChangeBuffer:
            return "buffer of changes";
    }
    return "store";
}

std::string describe(const StoreShape& shape) {
    const bool headers = shape.row_form != StoreShape::RowForm::kPlain;
    return std::string(name_of(shape.kind)) + (headers ? " with headers" : "");
}

bool same_changelog(StoreKind a, StoreKind b) {
    return family_of(a) == family_of(b);
}

}  // namespace millrace::state
