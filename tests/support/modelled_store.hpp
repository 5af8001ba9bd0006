// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/budget/cache_budget.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace millrace::testing {

/// A store to compare with its model: it is committed, rolled back, reopened, and rebuilt from its
/// changelog.
class ModelledStore {
  public:
    static constexpr std::size_t kSmallCache = 2000;  ///< Always full.
    static constexpr std::size_t kLargeCache = 1 << 20;

    explicit ModelledStore(detail::StoreSpec spec, std::size_t cache_bytes = kSmallCache)
        : spec_(std::move(spec)), cache_(cache_bytes) {
        open();
    }

    template <class Face>
    Face& as() {
        return dynamic_cast<Face&>(*stores_->store(spec_.name));
    }

    void flush_caches() { stores_->flush_caches(); }
    void prefetch(BytesView key) { stores_->prefetch(key); }

    void commit() {
        const std::optional<Offset> offset = static_cast<Offset>(context_.log.size());
        stores_->commit(std::span(&offset, 1));
        log_committed_ = context_.log.size();
    }

    void roll_back() {
        stores_->roll_back();
        context_.log.resize(log_committed_);
    }

    /// Closes and opens it, which returns it to the last commit. Returns false without effect if it
    /// is not on disk or was never committed.
    bool reopen() {
        if (spec_.engine != StoreEngine::kRocksDb || log_committed_ == 0) {
            return false;
        }
        stores_->close();
        open();
        context_.log.resize(log_committed_);
        return true;
    }

    /// Calls `check` with a store that was rebuilt from the changelog.
    template <class Face, class Check>
    void check_restored(Check check) {
        state::MemoryBudget memory{{.write_buffer_bytes = 64 << 10}};
        state::TaskStores restored(options("restored"), memory);
        std::vector<state::ChangelogRecord> records;
        for (const auto& logged : context_.log) {
            records.push_back({NullableBytes(logged.key),
                               logged.value ? NullableBytes(*logged.value) : std::nullopt,
                               logged.timestamp.value(), static_cast<Offset>(records.size()),
                               nullptr});
        }
        constexpr std::size_t kBatch = 100;
        for (std::size_t at = 0; at < records.size(); at += kBatch) {
            restored.restore(0,
                             std::span(records).subspan(at, std::min(kBatch, records.size() - at)));
        }
        restored.finish_restore(0, static_cast<Offset>(records.size()) - 1);
        check(dynamic_cast<Face&>(*restored.store(spec_.name)));
    }

  private:
    state::TaskStores::Options options(const char* folder) const {
        state::TaskStores::Options options;
        options.directory = directory_.path() / folder;
        options.name = folder;
        options.specs = {spec_};
        return options;
    }

    void open() {
        stores_.reset();
        stores_.emplace(options("0_0"), memory_);
        stores_->set_context(context_);
        stores_->set_cache(cache_);
    }

    detail::StoreSpec spec_;
    TemporaryDirectory directory_;
    state::MemoryBudget memory_{state::MemoryBudget::Limits{}};
    state::CacheBudget cache_;
    FakeStoreContext context_;
    std::optional<state::TaskStores> stores_;
    std::size_t log_committed_ = 0;
};

}  // namespace millrace::testing
