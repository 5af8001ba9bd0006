// SPDX-License-Identifier: Apache-2.0
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <string>

namespace millrace::state {
namespace {

using ::millrace::testing::FakeStoreContext;
using Rows = std::map<Bytes, Bytes>;

constexpr std::size_t kMostRows = 5;

// Random operations on an LRU store and on a list in the order of use.
class LruModel : public ::testing::TestWithParam<unsigned> {
  protected:
    LruModel() {
        detail::StoreSpec spec;
        spec.name = "s";
        spec.engine = StoreEngine::kLru;
        spec.max_entries = kMostRows;
        TaskStores::Options options;
        options.name = "0_0";
        options.specs = {spec};
        stores_.emplace(std::move(options), memory_);
        stores_->set_context(context_);
        store_ = dynamic_cast<KeyValueBytesStore*>(stores_->store("s"));
    }

    Bytes random_key() { return Bytes(1, static_cast<char>('a' + random_() % 9)); }

    auto find(const Bytes& key) {
        return std::find_if(used_.begin(), used_.end(),
                            [&](const auto& row) { return row.first == key; });
    }
    Rows contents() const { return {used_.begin(), used_.end()}; }

    void put() {
        const Bytes key = random_key();
        const Bytes value = std::to_string(random_() % 100);
        if (const auto there = find(key); there != used_.end()) {
            used_.erase(there);
        }
        used_.emplace_back(key, value);
        if (used_.size() > kMostRows) {
            used_.pop_front();
        }
        store_->put(key, value);
    }

    void remove() {
        const Bytes key = random_key();
        if (const auto there = find(key); there != used_.end()) {
            used_.erase(there);
        }
        store_->put(key, std::nullopt);
    }

    void get(const Bytes& key) {
        const auto there = find(key);
        const auto expected =
            there == used_.end() ? NullableOwnedBytes{} : NullableOwnedBytes(there->second);
        EXPECT_EQ(FakeStoreContext::owned(store_->get(key)), expected) << key;
        if (there != used_.end()) {
            used_.splice(used_.end(), used_, there);
        }
    }

    void compare_rows() {
        Rows seen;
        for (auto rows = store_->range(std::nullopt, std::nullopt, RowOrder::kForward);
             rows->valid(); rows->next()) {
            seen.emplace(rows->key(), rows->value());
        }
        EXPECT_EQ(seen, contents());
        EXPECT_EQ(store_->approximate_num_entries(), used_.size());
    }

    void commit() {
        stores_->flush_caches();
        const std::optional<Offset> offset = static_cast<Offset>(context_.log.size());
        stores_->commit(std::span(&offset, 1));
        committed_ = contents();
        log_committed_ = context_.log.size();
        Rows logged;
        for (const auto& record : context_.log) {
            if (record.value) {
                logged[record.key] = *record.value;
            } else {
                logged.erase(record.key);
            }
        }
        EXPECT_EQ(logged, contents()) << "the changelog replayed";
    }

    // After a restore, the rows are defined, but not their order of use: all are used once.
    void roll_back() {
        stores_->roll_back();
        context_.log.resize(log_committed_);
        used_.assign(committed_.begin(), committed_.end());
        compare_rows();
        for (const auto& [key, value] : committed_) {
            get(key);
        }
    }

    void step() {
        const auto choice = random_() % 100;
        if (choice < 50) {
            put();
        } else if (choice < 60) {
            remove();
        } else if (choice < 85) {
            get(random_key());
        } else if (choice < 92) {
            compare_rows();
        } else if (choice < 97) {
            commit();
        } else {
            roll_back();
        }
    }

    MemoryBudget memory_{MemoryBudget::Limits{}};
    FakeStoreContext context_;
    std::optional<TaskStores> stores_;
    KeyValueBytesStore* store_ = nullptr;
    std::mt19937 random_{GetParam()};
    std::list<std::pair<Bytes, Bytes>> used_;  // Least recently used first.
    Rows committed_;
    std::size_t log_committed_ = 0;
};

TEST_P(LruModel, StoreKeepsTheMostRecentlyUsedRows) {
    for (int at = 0; at < 3000 && !HasFailure(); ++at) {
        step();
    }
    commit();
    compare_rows();
}

INSTANTIATE_TEST_SUITE_P(Seeds, LruModel, ::testing::Range(1U, 7U));

}  // namespace
}  // namespace millrace::state
