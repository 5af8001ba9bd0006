// SPDX-License-Identifier: Apache-2.0
#include "state/engine/memory_engine.hpp"
#include "state/stores/layered_window_store.hpp"
#include "support/fake_store_context.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace millrace::state {
namespace {

using ::testing::ElementsAre;

// Counts how often a range of it is searched.
class CountingEngine final : public Engine {
  public:
    explicit CountingEngine(int& searches) : searches_(&searches) {}

    NullableBytes get(BytesView key) override { return rows_.get(key); }
    void put(BytesView key, const NullableBytes& value) override { rows_.put(key, value); }
    std::unique_ptr<BytesIterator> iterate(const KeyRange& range, RowOrder order) override {
        ++*searches_;
        return rows_.iterate(range, order);
    }
    std::uint64_t approximate_num_entries() override { return rows_.approximate_num_entries(); }
    void drop_below(BytesView end) override { rows_.drop_below(end); }
    void clear() override { rows_.clear(); }
    bool empty() override { return rows_.empty(); }
    bool persistent() const override { return false; }

  private:
    MemoryEngine rows_;
    int* searches_;
};

class InMemoryWindows : public ::testing::Test {
  protected:
    InMemoryWindows() {
        spec_.name = "s";
        spec_.kind = detail::StoreKind::kWindow;
        spec_.retention = std::chrono::milliseconds(10'000);
        environment_.context = &context_;
        environment_.cache = &cache_;
        store_.emplace(spec_, 0, environment_, std::make_unique<CountingEngine>(searches_));
    }
    void put(const Bytes& key, std::int64_t start) {
        store_->put(key, timestamp_of(start), BytesView("v"));
    }
    void commit() {
        store_->write_to_engine();
        store_->committed();
    }
    static std::vector<Bytes> seen(const std::unique_ptr<WindowBytesIterator>& rows) {
        std::vector<Bytes> list;
        for (; rows->valid(); rows->next()) {
            list.push_back(Bytes(rows->key()) + "@" +
                           std::to_string(milliseconds_of(rows->window_start())));
        }
        return list;
    }

    detail::StoreSpec spec_;
    ::millrace::testing::FakeStoreContext context_;
    CacheBudget cache_{1 << 20};
    StoreEnvironment environment_;
    int searches_ = 0;
    std::optional<LayeredWindowStore> store_;
};

TEST_F(InMemoryWindows, FetchOfOneKeyDoesNotScanEveryMillisecondWithRows) {
    for (std::int64_t start = 0; start < 5'000; ++start) {
        put("other" + std::to_string(start), start);
    }
    put("k", 17);
    put("k", 4'017);
    commit();

    EXPECT_THAT(seen(store_->fetch("k", timestamp_of(0), timestamp_of(5'000), RowOrder::kForward)),
                ElementsAre("k@17", "k@4017"));
    EXPECT_LE(searches_, 9);
}

TEST_F(InMemoryWindows, RowsOfSeveralKeysAreOrderedByTime) {
    put("b", 1);
    put("a", 3);
    put("c", 2);
    commit();
    put("a", 2);

    EXPECT_THAT(seen(store_->fetch_range(std::nullopt, std::nullopt, timestamp_of(0),
                                         timestamp_of(9), RowOrder::kForward)),
                ElementsAre("b@1", "a@2", "c@2", "a@3"));
    EXPECT_THAT(
        seen(store_->fetch_range("a", "b", timestamp_of(0), timestamp_of(9), RowOrder::kReverse)),
        ElementsAre("a@3", "a@2", "b@1"));
}

TEST_F(InMemoryWindows, RowsExpireByTheMillisecond) {
    put("k", 5);
    put("k", 6);
    commit();
    put("other", 10'005);
    commit();

    EXPECT_THAT(seen(store_->fetch("k", timestamp_of(0), timestamp_of(9), RowOrder::kForward)),
                ElementsAre("k@6"));
    EXPECT_EQ(store_->fetch("k", timestamp_of(5)), std::nullopt);
}

}  // namespace
}  // namespace millrace::state
