// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "state/budget/cache_budget.hpp"
#include "state/engine/database.hpp"
#include "state/stores/layered_store.hpp"
#include "state/task/task_stores.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::state {

/// Opening is in task_stores_open.cpp, restoring in task_stores_restore.cpp, everything else in
/// task_stores.cpp.
class TaskStores::Implementation {
  public:
    struct Store {
        std::unique_ptr<LayeredStore> layers{};
        StateStore* face = nullptr;
        bool on_disk = false;
        Bytes shape{};  ///< As in the metadata row; only for stores on disk.
        std::optional<Offset> offset{};
        TopicPositions positions{};  ///< Instead of the offset, of a global store.
        Timestamp current_at = kNoTimestamp;
        bool row_is_old = false;  ///< The one on disk has an earlier `current_at`.
        bool empty = false;       ///< Certainly: so that a restore may load instead of write.
        bool loading = false;
        bool restoring = false;
        bool from_nothing = false;  ///< Being restored without a start offset.
    };

    Implementation(Options options, MemoryBudget& memory);

    Store& at(std::size_t store);
    void check_open() const;
    void set_cache(CacheBudget& cache);

    void commit(std::span<const std::optional<Offset>> offsets,
                std::span<const std::size_t> behind);
    void commit_positions(std::span<const TopicPositions> positions,
                          std::span<const std::size_t> behind);
    void keep_current(std::span<const std::size_t> behind);
    void roll_back();

    void clear(Store& store);
    void restore(Store& store, std::span<const ChangelogRecord> records);
    void finish_restore(Store& store, std::optional<Offset> last,
                        std::optional<Timestamp> current_at);

    void close();
    void wipe();

  private:
    friend class TaskStores;

    // Opening.
    void settle_headers();
    bool on_disk(const detail::StoreSpec& spec) const;
    bool any_on_disk() const;
    void open_files(MemoryBudget& memory);
    void remove_unknown();
    void warn_of_stores_that_start_empty(const std::vector<std::string>& found) const;
    Store open(detail::StoreSpec& spec, std::size_t index);
    std::optional<Bytes> judge_rows(detail::StoreSpec& spec, Store& store);
    void open_layers(const detail::StoreSpec& spec, std::size_t index, Store& store);
    template <class Layered, class... Engines>
    void set_layers(const detail::StoreSpec& spec, std::size_t index, Store& store,
                    Engines... engine);
    std::unique_ptr<Engine> make_engine(const detail::StoreSpec& spec, std::size_t index);
    void on_evict(const detail::StoreSpec& spec, std::size_t index, BytesView key);
    void choose_prefetching();
    std::string where(const detail::StoreSpec& spec) const;

    template <class Move>
    void commit_moved(Move move, std::span<const std::size_t> behind);
    void abandon();
    void put_about(Store& store);
    void put_old_rows();
    void write();
    bool flush_due(std::chrono::nanoseconds after) const;
    void flush_soon();

    Options options_;
    const Clock& clock_;
    std::chrono::milliseconds flush_interval_;
    CacheBudget own_cache_;
    StoreEnvironment environment_;
    std::unique_ptr<Database> database_;  // Null if all stores are in memory.
    std::vector<Store> stores_;
    std::vector<LayeredStore*> prefetching_;
    std::chrono::nanoseconds flushed_at_;
    bool unflushed_ = false;  // There were writes since then.
    Bytes row_;               // Reused memory.
    bool closed_ = false;
};

}  // namespace millrace::state
