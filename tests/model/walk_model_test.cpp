// SPDX-License-Identifier: Apache-2.0
#include "support/modelled_store.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::state {
namespace {

using detail::StoreKind;
using ::millrace::testing::ModelledStore;
using ::testing::Combine;
using ::testing::Values;

constexpr std::int64_t kRetention = 100;
constexpr std::int64_t kSegment = 40;

struct Row {
    Bytes key;
    std::int64_t time = 0;  // 0 in key-value stores.
    Bytes value;
    bool operator==(const Row&) const = default;
    friend void PrintTo(const Row& row, std::ostream* out) {
        *out << row.key << '@' << row.time << '=' << row.value;
    }
};
using RowList = std::vector<Row>;

// The parameters of an iteration.
struct Stretch {
    NullableOwnedBytes first;
    NullableOwnedBytes last;
    std::int64_t from = 0;
    std::int64_t to = 0;
    RowOrder order = RowOrder::kForward;

    NullableBytes first_view() const { return first ? NullableBytes(*first) : std::nullopt; }
    NullableBytes last_view() const { return last ? NullableBytes(*last) : std::nullopt; }
    bool holds(const Row& row) const {
        return (!first || row.key >= *first) && (!last || row.key <= *last) && row.time >= from &&
               row.time <= to;
    }
};

// An iterator of any kind of store.
class AnyRows {
  public:
    virtual ~AnyRows() = default;
    virtual bool valid() const = 0;
    virtual void next() = 0;
    virtual Row row() const = 0;
};

template <class Rows, class Read>
class RowsOf final : public AnyRows {
  public:
    RowsOf(std::unique_ptr<Rows> rows, Read read) : rows_(std::move(rows)), read_(read) {}
    bool valid() const override { return rows_->valid(); }
    void next() override { rows_->next(); }
    Row row() const override { return read_(*rows_); }

  private:
    std::unique_ptr<Rows> rows_;
    Read read_;
};

template <class Rows, class Read>
std::unique_ptr<AnyRows> rows_of(std::unique_ptr<Rows> rows, Read read) {
    return std::make_unique<RowsOf<Rows, Read>>(std::move(rows), read);
}

SessionWindow session_at(std::int64_t time) {
    return {timestamp_of(time), timestamp_of(time)};
}

// A store of any kind.
class AnyStore {
  public:
    AnyStore(StoreKind kind, ModelledStore& store) : kind_(kind), store_(store) {}

    void put(const Bytes& key, std::int64_t time, const NullableBytes& value) {
        if (kind_ == StoreKind::kKeyValue) {
            store_.as<KeyValueBytesStore>().put(key, value);
        } else if (kind_ == StoreKind::kWindow) {
            store_.as<WindowBytesStore>().put(key, timestamp_of(time), value);
        } else if (value) {
            store_.as<SessionBytesStore>().put(key, session_at(time), value);
        } else {
            store_.as<SessionBytesStore>().remove(key, session_at(time));
        }
    }

    std::unique_ptr<AnyRows> walk(const Stretch& what) {
        if (kind_ == StoreKind::kKeyValue) {
            return rows_of(store_.as<KeyValueBytesStore>().range(what.first_view(),
                                                                 what.last_view(), what.order),
                           [](const BytesIterator& rows) {
                               return Row{Bytes(rows.key()), 0, Bytes(rows.value())};
                           });
        }
        if (kind_ == StoreKind::kWindow) {
            return rows_of(store_.as<WindowBytesStore>().fetch_range(
                               what.first_view(), what.last_view(), timestamp_of(what.from),
                               timestamp_of(what.to), what.order),
                           [](const WindowBytesIterator& rows) {
                               return Row{Bytes(rows.key()), milliseconds_of(rows.window_start()),
                                          Bytes(rows.value())};
                           });
        }
        return rows_of(store_.as<SessionBytesStore>().find_sessions(
                           what.first_view(), what.last_view(), timestamp_of(what.from),
                           timestamp_of(what.to), what.order),
                       [](const SessionBytesIterator& rows) {
                           return Row{Bytes(rows.key()), milliseconds_of(rows.session().end),
                                      Bytes(rows.value())};
                       });
    }

    // Of one key.
    template <class Use>
    void for_each(const Stretch& what, Use use) {
        if (kind_ == StoreKind::kWindow) {
            store_.as<WindowBytesStore>().for_each(
                *what.first, timestamp_of(what.from), timestamp_of(what.to),
                [&](Timestamp start, BytesView value) {
                    use(Row{*what.first, milliseconds_of(start), Bytes(value)});
                });
        } else if (kind_ == StoreKind::kSession) {
            store_.as<SessionBytesStore>().for_each(
                *what.first, timestamp_of(what.from), timestamp_of(what.to),
                [&](SessionWindow session, BytesView value) {
                    use(Row{*what.first, milliseconds_of(session.end), Bytes(value)});
                });
        }
    }

  private:
    StoreKind kind_;
    ModelledStore& store_;
};

// Iterators that stay open while rows are written, evicted, committed and rolled back.
class WalkModel : public ::testing::TestWithParam<
                      std::tuple<StoreKind, StoreEngine, bool, std::size_t, unsigned>> {
  protected:
    // The position of a row in an iteration.
    using Place = std::tuple<std::int64_t, Bytes, std::int64_t>;
    using Rows = std::map<Place, Row>;
    struct OpenWalk {
        Stretch what;
        std::unique_ptr<AnyRows> rows;
        RowList expected;
        RowList seen;
    };

    WalkModel() : random_(std::get<4>(GetParam())), store_(spec(), std::get<3>(GetParam())) {}

    static StoreKind kind() { return std::get<0>(GetParam()); }
    static bool in_memory() { return std::get<1>(GetParam()) == StoreEngine::kInMemory; }
    static detail::StoreSpec spec() {
        detail::StoreSpec spec;
        spec.name = "s";
        spec.kind = kind();
        spec.engine = std::get<1>(GetParam());
        spec.caching = std::get<2>(GetParam());
        spec.retention = std::chrono::milliseconds(kRetention);
        spec.segment_interval = std::chrono::milliseconds(kSegment);
        return spec;
    }

    AnyStore store() { return {kind(), store_}; }
    Place place_of(const Row& row) const {
        return {in_memory() ? row.time : row.time / kSegment, row.key, row.time};
    }
    bool expired(const Row& row) const {
        return kind() != StoreKind::kKeyValue && row.time <= latest_time_ - kRetention;
    }

    Bytes random_key() {
        return std::string(1 + random_() % 2, static_cast<char>('a' + random_() % 4));
    }
    std::int64_t random_time() {
        return kind() == StoreKind::kKeyValue
                   ? 0
                   : std::max<std::int64_t>(
                         0, stream_time_ + 4 - static_cast<std::int64_t>(random_() % 90));
    }

    void write() {
        Row row{random_key(), random_time(), std::to_string(random_() % 100'000)};
        latest_time_ = std::max(latest_time_, row.time);
        if (random_() % 3 == 0) {
            store().put(row.key, row.time, std::nullopt);
            now_.erase(place_of(row));
        } else {
            store().put(row.key, row.time, BytesView(row.value));
            stream_time_ = std::max(stream_time_, row.time);
            now_[place_of(row)] = std::move(row);
        }
    }

    Stretch random_stretch() {
        Stretch what;
        const auto choice = random_() % 4;
        if (choice == 0) {
            what.first = what.last = random_key();
        } else if (choice == 1) {
            what.first = random_key();
            what.last = random_key();
        }
        what.from = random_() % 2 == 0 ? 0 : random_time();
        // Sessions are queried by their latest start.
        what.to = random_() % 2 == 0 ? stream_time_ : std::max(what.from, random_time());
        what.order = random_() % 2 == 0 ? RowOrder::kForward : RowOrder::kReverse;
        return what;
    }

    RowList expected(const Stretch& what) const {
        RowList list;
        for (const auto& [place, row] : now_) {
            if (what.holds(row)) {
                list.push_back(row);
            }
        }
        if (what.order == RowOrder::kReverse) {
            std::reverse(list.begin(), list.end());
        }
        return list;
    }

    void open() {
        Stretch what = random_stretch();
        auto rows = store().walk(what);
        auto there = expected(what);
        walks_.push_back({std::move(what), std::move(rows), std::move(there), {}});
    }

    // Rows that have expired during the iteration may or may not be returned.
    RowList unexpired(RowList rows) const {
        std::erase_if(rows, [this](const Row& row) { return expired(row); });
        return rows;
    }

    void go_on(std::size_t at, std::size_t steps) {
        OpenWalk& walk = walks_[at];
        for (; steps > 0 && walk.rows->valid(); --steps) {
            walk.seen.push_back(walk.rows->row());
            walk.rows->next();
        }
        if (!walk.rows->valid()) {
            EXPECT_EQ(unexpired(walk.seen), unexpired(walk.expected));
            walks_.erase(walks_.begin() + static_cast<std::ptrdiff_t>(at));
        }
    }

    // Each returned row causes writes of other rows.
    void write_within() {
        Stretch what = random_stretch();
        what.first = what.last = random_key();
        what.order = RowOrder::kForward;
        const RowList there = expected(what);
        RowList seen;
        store().for_each(what, [&](Row row) {
            seen.push_back(std::move(row));
            for (int at = 0; at < 5; ++at) {
                write();
            }
        });
        if (kind() != StoreKind::kKeyValue) {
            EXPECT_EQ(unexpired(seen), unexpired(there));
        }
    }

    void commit() {
        store_.flush_caches();
        store_.commit();
        committed_ = now_;
        committed_time_ = stream_time_;
    }

    void step() {
        const auto choice = random_() % 1000;
        if (choice < 450) {
            write();
        } else if (choice < 550) {
            if (walks_.size() < 4) {
                open();
            }
        } else if (choice < 850) {
            if (!walks_.empty()) {
                go_on(random_() % walks_.size(), 1 + random_() % 3);
            }
        } else if (choice < 900) {
            write_within();
        } else if (choice < 940) {
            store_.flush_caches();
        } else if (choice < 995) {
            commit();
        } else {
            store_.roll_back();
            now_ = committed_;
            stream_time_ = committed_time_;
        }
    }

    std::mt19937 random_;
    ModelledStore store_;
    std::vector<OpenWalk> walks_;
    Rows now_;
    Rows committed_;
    std::int64_t stream_time_ = -1;
    std::int64_t latest_time_ = -1;  // Of all rows, including deletions and rolled-back writes.
    std::int64_t committed_time_ = -1;
};

TEST_P(WalkModel, RowsAreReturnedAsTheyWereWhenTheIteratorWasCreated) {
    constexpr int kSteps = 1200;
    for (int at = 0; at < kSteps && !HasFailure(); ++at) {
        step();
    }
    while (!walks_.empty() && !HasFailure()) {
        go_on(0, 1000);
    }
    walks_.clear();
}

std::string name_of(const ::testing::TestParamInfo<WalkModel::ParamType>& info) {
    const auto& [kind, engine, caching, bytes, seed] = info.param;
    return std::string(kind == StoreKind::kKeyValue ? "KeyValue"
                       : kind == StoreKind::kWindow ? "Window"
                                                    : "Session") +
           (engine == StoreEngine::kRocksDb ? "RocksDb" : "InMemory") +
           (caching ? "Cached" : "Uncached") + std::to_string(bytes) + "Seed" +
           std::to_string(seed);
}

INSTANTIATE_TEST_SUITE_P(
    EveryStack, WalkModel,
    Combine(Values(StoreKind::kKeyValue, StoreKind::kWindow, StoreKind::kSession),
            Values(StoreEngine::kRocksDb, StoreEngine::kInMemory), Values(false, true),
            Values<std::size_t>(0, 600, 1 << 20), Values(1U, 2U)),
    name_of);

}  // namespace
}  // namespace millrace::state
