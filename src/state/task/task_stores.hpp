// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "millrace/state/state_store.hpp"
#include "state/format/topic_position.hpp"
#include "state/stores/store_context.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace {
class Clock;
}

namespace millrace::state {

class MemoryBudget;  // state/budget/memory_budget.hpp: the budget that all tasks of a client share.
class CacheBudget;   // state/budget/cache_budget.hpp: a stream thread's share of the record caches.
struct TaskStore;    // state/task/task_store.hpp: one of the stores.

/// All stores of one task: one RocksDB database on disk (created only if a store is persistent),
/// with column families for stores, segments and offsets; above it uncommitted rows, record cache
/// and change logging.
///
/// A write is visible to reads at once, is logged to the changelog (by a cached store: when the
/// cache flushes it), and is written to RocksDB in commit(), in one atomic write with the changelog
/// offsets. So the database never contains uncommitted rows.
///
/// Threads: one thread at a time; restore may run on another thread than processing. Errors:
/// StateError with folder and store, also for a full or read-only disk. StateCorrupted if the
/// database cannot be opened or read because files are damaged.
class TaskStores {
  public:
    struct Options {
        std::filesystem::path directory;  ///< The task's folder, "<state.dir>/<app>/<task>".
        std::string name;                 ///< For messages: the task id.
        std::vector<millrace::detail::StoreSpec> specs;  ///< In the order in which commits flush.
        StoreEngine default_engine = StoreEngine::kRocksDb;
        bool dsl_headers = false;  ///< dsl.store.format=headers.
        bool processing = true;    ///< False: a standby or global task, no change logging.

        const Clock* clock = nullptr;  ///< Null: the system's. Must outlive the stores.
    };

    /// Opens or creates. `memory` and `context` must outlive the stores; `context` may be null
    /// until set_context, because restoring needs none.
    ///
    /// The state on disk must match the specs: rows of another shape are used if they are still
    /// correct, and otherwise deleted, to be restored from the changelog. Stores that the specs no
    /// longer have are deleted. All of that is logged. Throws StateError if neither is possible, or
    /// a newer version wrote the state.
    TaskStores(Options options, MemoryBudget& memory);
    ~TaskStores();  ///< Like close(), with errors ignored.
    TaskStores(const TaskStores&) = delete;
    TaskStores& operator=(const TaskStores&) = delete;

    void set_context(StoreContext& context);

    /// A copy that lives as long as the stores: they refer to the topics of records that they hold,
    /// and may outlive the task that has written those.
    const std::string& topic_name(const std::string& topic);

    /// Sets the record caches' budget of the thread that runs the task. Without it, the stores have
    /// a budget of their own with the size of a thread's. `cache` must outlive the stores or the
    /// next call.
    void set_cache(CacheBudget& cache);

    /// The store of that name, a KeyValueBytesStore or WindowBytesStore by its kind; null: none.
    StateStore* store(const std::string& name);

    /// Prefetches for a record with that key that will be processed after about two more records.
    /// Tables, windows and sessions usually have the keys of the records that their task reads, so
    /// they can prefetch the rows of their lookups. No effect unless prefetches().
    void prefetch(BytesView key);
    bool prefetches() const noexcept;

    /// Commit, step 1: flushes the dirty entries of every cache, store by store in the order of the
    /// specs, entries by last write. This logs them and calls flush listeners.
    void flush_caches();

    /// Removes flushed rows from the record caches. This frees memory, and stores then return
    /// stored instead of cached rows (which may be expired).
    void evict_flushed();

    /// Bytes of uncommitted writes.
    std::size_t uncommitted_bytes() const;

    /// Commit, step 2, after Kafka has committed: applies everything logged so far, and for each
    /// store (by spec index) the offset up to which it now contains its changelog (of the last
    /// record; empty: unchanged).
    void commit(std::span<const std::optional<Offset>> changelog_offsets,
                std::span<const std::size_t> behind = {});

    /// The same for global stores, which contain all partitions of a topic: for each store, up to
    /// where its topic is now reflected. A store without positions is not trusted when it is opened
    /// again.
    void commit_positions(std::span<const TopicPositions> positions,
                          std::span<const std::size_t> behind = {});

    /// Drops everything since the last commit. Requires rolls_back(), unless close() follows.
    void roll_back();

    /// False if a restore has failed, or with a custom store, whose writes cannot be undone.
    bool rolls_back() const;

    /// The task has stopped to process, and restore() may follow: rows in memory, which would hide
    /// restored ones, are dropped, and neither the context nor the thread's budget is used any
    /// more. Requires that nothing is uncommitted.
    void stop_processing();

    /// The offset of the last changelog record that the stored data contain; empty if unknown:
    /// restore from the beginning. By spec index.
    std::optional<Offset> changelog_offset(std::size_t store) const;

    /// The positions of a global store's last commit; empty: read its topic from the beginning. By
    /// spec index.
    const TopicPositions& positions(std::size_t store) const;

    /// When a store was last known to contain all of its changelog, wall clock; empty if never. The
    /// store contains all deletions that were written to the changelog before.
    std::optional<Timestamp> current_at(std::size_t store) const;

    /// Call it repeatedly while there is nothing to commit, by the owner of the partition: records
    /// that the stores still contain all of their changelogs, and flushes commits that are old
    /// enough. Cheap. `behind` as in commit().
    void keep_current(std::span<const std::size_t> behind = {});

    /// Restores a store: clear() first if its content is not trusted, then batches of changelog
    /// records in offset order, then finish_restore with the offset of the last record read (empty
    /// if the changelog was empty). Bulk-loads if the store was empty. `current_at` is when that
    /// record was known to be the end of the changelog; empty: it was not, or it is unknown. A
    /// store that was empty before the restore is on disk when finish_restore returns.
    ///
    /// `begun_at`: when the restore from the beginning begins. If it is interrupted,
    /// changelog_offset() tells how far it came, and current_at() is `begun_at`: no deletion that
    /// the rows lack is older. Empty: an interrupted restore begins again.
    void clear(std::size_t store, std::optional<Timestamp> begun_at = std::nullopt);
    void restore(std::size_t store, std::span<const ChangelogRecord> records);
    void finish_restore(std::size_t store, std::optional<Offset> last,
                        std::optional<Timestamp> current_at = std::nullopt);

    /// Flushes to disk so that the next open finds everything committed, and closes, even if it
    /// throws. Idempotent.
    void close();

    /// Closes and deletes the folder's content.
    void wipe();

  private:
    struct Parts;

    TaskStore& at(std::size_t store) const;
    void check_open() const;
    void open_store(std::size_t index);
    void choose_prefetching();
    template <class Move>
    void commit_moved(Move move, std::span<const std::size_t> behind);
    void abandon();

    std::unique_ptr<Parts> parts_;
};

}  // namespace millrace::state
