// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/budget/memory_budget.hpp"
#include "state/engine/database.hpp"
#include "state/format/window_key.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace millrace::state::on_disk {

using detail::StoredHeaders;
using detail::StoreKind;
using detail::StoreSpec;
using std::chrono::milliseconds;

inline constexpr std::int64_t kNow = 1'700'000'000'000;
inline constexpr std::int64_t kStep = 600'000;
inline constexpr int kRows = 7;  // An hour of them.

inline Timestamp time_of(int row) {
    return timestamp_of(kNow + row * kStep);
}

inline Bytes value_of(StoreKind kind, int row) {
    Bytes value;
    if (kind == StoreKind::kTimestampedKeyValue || kind == StoreKind::kTimestampedWindow) {
        detail::append_time(time_of(row), value);
    }
    return value + "v" + std::to_string(row);
}

inline StoreSpec store(StoreKind kind, milliseconds retention = {}) {
    StoreSpec spec;
    spec.name = "s";
    spec.kind = kind;
    spec.retention = retention;
    return spec;
}

inline StoreSpec unlogged(StoreSpec spec) {
    spec.logging = false;
    return spec;
}

inline StoreSpec with_headers(StoreSpec spec) {
    spec.headers = StoredHeaders::kGiven;
    return spec;
}

inline StoreSpec from_topic(StoreSpec spec, const std::string& topic) {
    spec.source_topic = topic;
    return spec;
}

inline StoreSpec in_memory(StoreSpec spec) {
    spec.engine = StoreEngine::kInMemory;
    return spec;
}

inline StoreSpec of_types(StoreSpec spec, const std::string& key, const std::string& value) {
    spec.types = {key, value};
    return spec;
}

inline StoreSpec custom(StoreSpec spec) {
    spec.types.custom_value = true;
    return spec;
}

inline StoreSpec with_interval(StoreSpec spec, milliseconds interval) {
    spec.segment_interval = interval;
    return spec;
}

/// A row of each kind for each step of time.
class Rows {
  public:
    explicit Rows(StateStore& store, StoreKind kind) : store_(store), kind_(kind) {}

    void write(int row) {
        const Bytes value = value_of(kind_, row);
        if (auto* keys = dynamic_cast<KeyValueBytesStore*>(&store_)) {
            keys->put(std::to_string(row), BytesView(value));
        } else if (auto* windows = dynamic_cast<WindowBytesStore*>(&store_)) {
            windows->put("k", time_of(row), BytesView(value));
        } else if (auto* sessions = dynamic_cast<SessionBytesStore*>(&store_)) {
            sessions->put("k", {time_of(row), time_of(row)}, BytesView(value));
        } else {
            dynamic_cast<VersionedBytesStore&>(store_).put("k", BytesView(value), time_of(row));
        }
    }

    NullableOwnedBytes read(int row) {
        const auto owned = [](const NullableBytes& value) {
            return value ? NullableOwnedBytes(Bytes(*value)) : std::nullopt;
        };
        if (auto* keys = dynamic_cast<KeyValueBytesStore*>(&store_)) {
            return owned(keys->get(std::to_string(row)));
        }
        if (auto* windows = dynamic_cast<WindowBytesStore*>(&store_)) {
            return owned(windows->fetch("k", time_of(row)));
        }
        if (auto* sessions = dynamic_cast<SessionBytesStore*>(&store_)) {
            return owned(sessions->fetch_session("k", {time_of(row), time_of(row)}));
        }
        const auto version = dynamic_cast<VersionedBytesStore&>(store_).get("k", time_of(row));
        return version ? NullableOwnedBytes(Bytes(version->value)) : std::nullopt;
    }

    int count() {
        int found = 0;
        for (int row = 0; row < kRows; ++row) {
            found += read(row) == value_of(kind_, row) ? 1 : 0;
        }
        return found;
    }

  private:
    StateStore& store_;
    StoreKind kind_;
};

/// The folder of a task with one store, "s".
class StateOnDisk {
  public:
    std::unique_ptr<TaskStores> open(std::vector<StoreSpec> specs) {
        TaskStores::Options options;
        options.directory = folder_.path();
        options.name = "0_0";
        options.specs = std::move(specs);
        auto stores = std::make_unique<TaskStores>(std::move(options), memory_);
        stores->set_context(context_);
        return stores;
    }

    /// Rows committed as offset 7, and a clean close.
    void write(const StoreSpec& spec) {
        const auto stores = open({spec});
        Rows rows(*stores->store("s"), spec.kind);
        for (int row = 0; row < kRows; ++row) {
            rows.write(row);
        }
        const std::optional<Offset> offset = spec.logging ? std::optional<Offset>(7) : std::nullopt;
        stores->commit(std::span(&offset, 1));
        stores->close();
    }

    std::unique_ptr<Database> database() {
        return open_database(folder_.path() / "db", "0_0", memory_);
    }

  private:
    ::millrace::testing::TemporaryDirectory folder_;
    MemoryBudget memory_{MemoryBudget::Limits{}};
    ::millrace::testing::FakeStoreContext context_;
};

inline constexpr auto kWindow = StoreKind::kTimestampedWindow;
inline constexpr auto kTable = StoreKind::kTimestampedKeyValue;
inline constexpr auto kVersions = StoreKind::kVersionedKeyValue;

}  // namespace millrace::state::on_disk
