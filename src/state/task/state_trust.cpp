// SPDX-License-Identifier: Apache-2.0
#include "state/task/state_trust.hpp"

#include "millrace/core/error.hpp"
#include "state/format/window_key.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace millrace::state {

using detail::StoreKind;

namespace {

// An interval is kept although it differs from the topology's if at most this many of its segments
// cover the retention, and at most this many retentions are in one segment.
constexpr std::int64_t kMostSegments = 128;
constexpr std::int64_t kMostRetentions = 4;
constexpr std::int64_t kLeastRetention = 60'000;

// Names of state/store_types.hpp that describe a byte format.
constexpr std::array<std::string_view, 12> kFormats{"string", "bool",   "int8",    "int16",
                                                    "int32",  "int64",  "uint8",   "uint16",
                                                    "uint32", "uint64", "float32", "float64"};

bool is_format(const std::string& type) {
    return std::find(kFormats.begin(), kFormats.end(), type) != kFormats.end();
}

[[noreturn]] void refuse(const std::string& where, const std::string& why,
                         const std::string& remedy) {
    throw StateError("cannot use the state on disk: " + where + ": " + why + "; " + remedy);
}

constexpr const char* kNewNameOrReset =
    "rename the store, or reset the application: delete its state directory and the store's "
    "changelog topic, or use another application.id";
constexpr const char* kRemoveOrUndo =
    "undo the change, rename the store, or delete the task's folder, which loses the content of "
    "the store";
constexpr const char* kOptimizeOrReset =
    "set topology.optimization as before, or reset the application: delete its state directories, "
    "and read the topic from its beginning";

// Unusable rows are restored from the changelog, if there is one.
StateTrust rebuild(const StoreShape& wanted, const std::string& where, std::string why) {
    if (!wanted.backed_up) {
        refuse(where, why + ", and there is no changelog to rebuild it from", kRemoveOrUndo);
    }
    StateTrust trust;
    trust.verdict = StateTrust::Verdict::kRebuild;
    trust.why = std::move(why);
    return trust;
}

bool other_format(const std::string& stored, const std::string& wanted) {
    return stored != wanted && is_format(stored) && is_format(wanted);
}

// A changelog that the store writes has the same bytes: a restore would not help.
void check_type(const std::string& stored, const std::string& wanted, const char* what,
                const std::string& where) {
    if (other_format(stored, wanted)) {
        refuse(where,
               std::string(what) + " on disk are of type " + stored +
                   ", the topology's are of type " + wanted,
               kNewNameOrReset);
    }
}

// Different names may have the same byte format.
void note_types(const StoreShape& stored, const StoreShape& wanted, StateTrust& trust) {
    const auto note = [&trust](const std::string& was, const std::string& is, const char* what) {
        if (was != is && !was.empty() && !is.empty()) {
            trust.why += (trust.why.empty() ? "" : "; ") + std::string(what) + " were of type " +
                         was + " and are of type " + is;
        }
    };
    note(stored.key_type, wanted.key_type, "keys");
    note(stored.value_type, wanted.value_type, "values");
}

bool fits(std::int64_t interval, std::int64_t retention) {
    const std::int64_t least = std::max(retention, kLeastRetention);
    return retention / interval <= kMostSegments && interval / kMostRetentions <= least;
}

StateTrust judge_segments(const StoreShape& stored, const StoreShape& wanted) {
    StateTrust trust;
    trust.segment_interval = stored.segment_interval;
    if (stored.segment_interval == wanted.segment_interval) {
        return trust;
    }
    trust.why = "it is kept in segments of " + std::to_string(stored.segment_interval) +
                " ms, made for a retention of " + std::to_string(stored.retention) +
                " ms, which is now " + std::to_string(wanted.retention) + " ms";
    if (!fits(stored.segment_interval, wanted.retention) && wanted.backed_up) {
        trust.verdict = StateTrust::Verdict::kRebuild;
    }
    return trust;
}

// For versions that recorded only the offset and whether there are headers.
StateTrust judge_without_shape(const Checkpoint& stored, const StoreShape& wanted,
                               const std::string& where) {
    if (wanted.backed_up) {
        return rebuild(
            wanted, where,
            "an older version of Millrace wrote it, which did not record the format of its rows");
    }
    const bool headers = wanted.row_form != StoreShape::RowForm::kPlain;
    if (stored.headers != headers || stored.rest.size() != saved_size(wanted.kind)) {
        rebuild(wanted, where, "it is not a " + describe(wanted));
    }
    StateTrust trust;
    trust.segment_interval = wanted.segment_interval;
    return trust;
}

}  // namespace

std::size_t saved_size(StoreKind kind) {
    switch (kind) {
        case StoreKind::kWindow:
        case StoreKind::kTimestampedWindow:
            return kTimeSize + kSequenceSize;
        case StoreKind::kSession:
        case StoreKind::kVersionedKeyValue:
            return kTimeSize;
        default:
            return 0;
    }
}

StateTrust judge(const Checkpoint& stored, const StoreShape& wanted, bool has_rows,
                 const std::string& where) {
    if (!stored.shape) {
        return judge_without_shape(stored, wanted, where);
    }
    const StoreShape& shape = *stored.shape;
    if (wanted.backed_up && !shape.backed_up && has_rows) {
        refuse(where,
               "its rows were written without a changelog, so a changelog would not contain them",
               kRemoveOrUndo);
    }
    if (wanted.backed_up && wanted.source_topic.empty() && !shape.source_topic.empty() &&
        has_rows) {
        refuse(where,
               "its rows are those of topic " + shape.source_topic +
                   ", which the store's own changelog does not contain",
               kOptimizeOrReset);
    }
    const bool own_changelog = wanted.source_topic.empty() && shape.source_topic.empty();
    if (own_changelog && !same_changelog(shape.kind, wanted.kind)) {
        refuse(where, "it is a " + describe(shape) + ", the topology has a " + describe(wanted),
               kNewNameOrReset);
    }
    if (own_changelog) {
        check_type(shape.key_type, wanted.key_type, "keys", where);
        check_type(shape.value_type, wanted.value_type, "values", where);
    }
    if (shape.kind != wanted.kind || shape.row_form != wanted.row_form) {
        return rebuild(wanted, where,
                       "it is a " + describe(shape) + ", the topology has a " + describe(wanted));
    }
    if (shape.source_topic != wanted.source_topic && wanted.backed_up && shape.backed_up) {
        const auto name = [](const std::string& topic) {
            return topic.empty() ? std::string("a changelog of its own") : "topic " + topic;
        };
        return rebuild(wanted, where,
                       "it was filled from " + name(shape.source_topic) +
                           ", and is now filled from " + name(wanted.source_topic));
    }
    if (other_format(shape.key_type, wanted.key_type) ||
        other_format(shape.value_type, wanted.value_type)) {
        return rebuild(wanted, where,
                       "its rows were of types " + shape.key_type + " and " + shape.value_type +
                           ", and are of types " + wanted.key_type + " and " + wanted.value_type);
    }
    if (stored.rest.size() != saved_size(wanted.kind)) {
        return rebuild(wanted, where, "its metadata row is damaged");
    }
    StateTrust trust = judge_segments(shape, wanted);
    trust.offset_holds = wanted.backed_up && shape.backed_up;
    note_types(shape, wanted, trust);
    return trust;
}

}  // namespace millrace::state
