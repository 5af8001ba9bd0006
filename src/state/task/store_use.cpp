// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/state/store_use.hpp"

#include "core/type_name.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "millrace/detail/state/store_types.hpp"
#include "state/format/store_shape.hpp"

namespace millrace::detail {

namespace {

std::string face_of(const StoreSpec& spec) {
    const auto types = [&spec] {
        const auto shown = [](const std::string& type, const char* unknown) {
            return type.empty() ? std::string(unknown) : type;
        };
        return "<" + shown(spec.types.key, "K") + ", " + shown(spec.types.value, "V") + ">";
    };
    switch (spec.kind) {
        case StoreKind::kKeyValue:
            return "KeyValueStore" + types();
        case StoreKind::kTimestampedKeyValue:
            return "TimestampedKeyValueStore" + types();
        case StoreKind::kVersionedKeyValue:
            return "VersionedKeyValueStore" + types();
        case StoreKind::kWindow:
            return "WindowStore" + types();
        case StoreKind::kTimestampedWindow:
            return "TimestampedWindowStore" + types();
        case StoreKind::kSession:
            return "SessionStore" + types();
        case StoreKind::kChangeBuffer:
            break;
    }
    return "a store that processors cannot use";
}

std::string wanted(const StoreUse& use) {
    std::string text = std::string("a ") + (use.timestamped ? "timestamped " : "") + use.kind;
    if (use.key_type != nullptr) {
        text += " of " + *use.key_type + " and " + *use.value_type;
    }
    return text;
}

bool fits(const std::string& type, const std::string* asked) {
    return asked == nullptr || type.empty() || type == *asked;
}

}  // namespace

std::string readable_name(const std::type_info& type) {
    return millrace::type_name(type.name());
}

void store_without_serde(const std::string& store, const char* part, const std::type_info& type) {
    const std::string name = readable_name(type);
    throw TopologyError(std::string("no serde for ") + part + " of type " + name + ": the store " +
                        store + " needs one; specialise millrace::Serde<" + name +
                        ">, or give a custom serde to what makes or opens the store");
}

void refuse_store(const StateStore& store, const StoreUse& use) {
    const StoreSpec* spec = store.specification();
    if (spec == nullptr) {
        throw TopologyError("store " + store.name() + " is not " + wanted(use) +
                            ", which was requested");
    }
    throw TopologyError("store " + store.name() + " is a " + state::name_of(spec->kind) +
                        ", but the requested store is " + wanted(use) + "; request " +
                        face_of(*spec));
}

void check_store(const StateStore& store, const StoreUse& use) {
    const StoreSpec* spec = store.specification();
    if (spec == nullptr) {
        return;
    }
    const bool timestamped = spec->kind == StoreKind::kTimestampedKeyValue ||
                             spec->kind == StoreKind::kTimestampedWindow;
    if ((use.checks_times && timestamped != use.timestamped) ||
        !fits(spec->types.key, use.key_type) || !fits(spec->types.value, use.value_type)) {
        refuse_store(store, use);
    }
}

}  // namespace millrace::detail
