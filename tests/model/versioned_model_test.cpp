// SPDX-License-Identifier: Apache-2.0
#include "support/modelled_store.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::state {
namespace {

using ::testing::Combine;
using ::testing::Values;

constexpr std::int64_t kHistory = 100;

// Every version ever put of every key, by time. Expired versions are never read.
struct Versions {
    std::map<Bytes, std::map<std::int64_t, NullableOwnedBytes>> keys;
    std::int64_t stream_time = -1;

    VersionPut put(const Bytes& key, NullableOwnedBytes value, std::int64_t time) {
        if (time < stream_time - kHistory) {
            return {};
        }
        stream_time = std::max(stream_time, time);
        auto& versions = keys[key];
        versions[time] = std::move(value);
        VersionPut put{.stored = true};
        if (const auto next = versions.upper_bound(time); next != versions.end()) {
            put.valid_to = timestamp_of(next->first);
        }
        return put;
    }

    struct Seen {
        Bytes value;
        std::int64_t from;
        std::optional<Timestamp> valid_to;
        bool operator==(const Seen&) const = default;
    };

    std::optional<Seen> get(const Bytes& key, std::int64_t as_of) const {
        const auto found = keys.find(key);
        if (found == keys.end()) {
            return std::nullopt;
        }
        const auto next = found->second.upper_bound(as_of);
        const bool latest = next == found->second.end();
        if (next == found->second.begin() || (!latest && as_of < stream_time - kHistory)) {
            return std::nullopt;
        }
        const auto& [from, value] = *std::prev(next);
        if (!value) {
            return std::nullopt;
        }
        return Seen{*value, from, latest ? std::nullopt : std::optional(timestamp_of(next->first))};
    }
};

// Random operations on a versioned store and on lists of versions.
class VersionedModel
    : public ::testing::TestWithParam<std::tuple<StoreEngine, std::int64_t, unsigned>> {
  protected:
    VersionedModel() : random_(std::get<2>(GetParam())), store_(spec()) {}

    VersionedBytesStore& store() { return store_.as<VersionedBytesStore>(); }

    detail::StoreSpec spec() const {
        detail::StoreSpec spec;
        spec.name = "s";
        spec.kind = detail::StoreKind::kVersionedKeyValue;
        spec.engine = std::get<0>(GetParam());
        spec.retention = std::chrono::milliseconds(kHistory);
        spec.segment_interval = std::chrono::milliseconds(std::get<1>(GetParam()));
        return spec;
    }

    Bytes random_key() { return Bytes(1, static_cast<char>('a' + random_() % 3)); }
    std::int64_t random_time() {
        return std::max<std::int64_t>(
            0, now_.stream_time + 15 - static_cast<std::int64_t>(random_() % 140));
    }

    void put() {
        const Bytes key = random_key();
        const std::int64_t time = random_time();
        const NullableOwnedBytes value = random_() % 4 == 0
                                             ? std::nullopt
                                             : NullableOwnedBytes(std::to_string(random_() % 1000));
        EXPECT_EQ(store().put(key, value ? NullableBytes(BytesView(*value)) : std::nullopt,
                              timestamp_of(time)),
                  now_.put(key, value, time));
    }

    static std::optional<Versions::Seen> seen(const std::optional<VersionedBytes>& version) {
        if (!version) {
            return std::nullopt;
        }
        return Versions::Seen{Bytes(version->value), milliseconds_of(version->timestamp),
                              version->valid_to};
    }

    void check(VersionedBytesStore& store, const Bytes& key, std::int64_t as_of) {
        EXPECT_EQ(seen(store.get(key, timestamp_of(as_of))), now_.get(key, as_of))
            << "key " << key << " as of " << as_of << ", stream time " << now_.stream_time;
    }

    void check_all(VersionedBytesStore& store) {
        for (const Bytes key : {"a", "b", "c"}) {
            for (std::int64_t time = std::max<std::int64_t>(0, now_.stream_time - kHistory - 5);
                 time <= now_.stream_time + 1; ++time) {
                check(store, key, time);
            }
            EXPECT_EQ(seen(store.get(key)), now_.get(key, now_.stream_time + 1));
        }
    }

    void commit() {
        store_.commit();
        committed_ = now_;
    }

    void back_to_committed() { now_ = committed_; }

    void reopen() {
        if (store_.reopen()) {
            back_to_committed();
        }
    }

    void check_restored() {
        commit();
        store_.check_restored<VersionedBytesStore>(
            [this](VersionedBytesStore& restored) { check_all(restored); });
    }

    void step() {
        const auto choice = random_() % 1000;
        if (choice < 600) {
            put();
        } else if (choice < 900) {
            check(store(), random_key(), random_time());
        } else if (choice < 940) {
            check_all(store());
        } else if (choice < 975) {
            commit();
        } else if (choice < 995) {
            store_.roll_back();
            back_to_committed();
        } else {
            reopen();
        }
    }

    std::mt19937 random_;
    ::millrace::testing::ModelledStore store_;
    Versions now_;
    Versions committed_;
};

TEST_P(VersionedModel, StoreBehavesLikeListsOfVersions) {
    for (int at = 0; at < 1500 && !HasFailure(); ++at) {
        step();
    }
    check_restored();
}

std::string name_of(const ::testing::TestParamInfo<VersionedModel::ParamType>& info) {
    const auto& [engine, interval, seed] = info.param;
    return std::string(engine == StoreEngine::kRocksDb ? "RocksDb" : "InMemory") + "Segments" +
           std::to_string(interval) + "Seed" + std::to_string(seed);
}

INSTANTIATE_TEST_SUITE_P(EveryStack, VersionedModel,
                         Combine(Values(StoreEngine::kRocksDb, StoreEngine::kInMemory),
                                 Values(7, 40, 1000), Values(1U, 2U, 3U)),
                         name_of);

}  // namespace
}  // namespace millrace::state
