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

class StateMemory;  // state/budget/state_memory.hpp: the budget that all tasks of a client share.
class ThreadCache;  // state/budget/thread_cache.hpp: a stream thread's share of the record caches.

/// All stores of one task: one RocksDB database on disk (made only when a store is persistent),
/// with column families for stores, segments and offsets; overlay, record cache and change logging
/// above.
///
/// A write is seen by reads at once, is logged to the changelog (by a cached store: when the cache
/// lets go of it), and reaches RocksDB in commit(), in one atomic write with the changelog offsets:
/// so the database never holds what was not committed.
///
/// Threads: one thread at a time; restore may run on another one than processing.
/// Errors: StateError, naming folder and store; also for a full or read-only disk. StateCorrupted
/// when the database cannot be opened or read because files are damaged.
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
    /// until set_context, as restoring needs none.
    ///
    /// What is on disk must be what the specs ask for: rows of another form are used as they are
    /// where that is right, and else removed, to be restored from the changelog. Stores that the
    /// specs do not have any more are removed. All of that is logged. Throws StateError when
    /// neither is possible, or a newer version wrote the state.
    TaskStores(Options options, StateMemory& memory);
    ~TaskStores();  ///< As close(), errors swallowed.
    TaskStores(const TaskStores&) = delete;
    TaskStores& operator=(const TaskStores&) = delete;

    void set_context(StoreContext& context);

    /// Gives the stores the record caches' budget of the thread that runs the task. Without it they
    /// have one of their own, as large as a thread's. `cache` must outlive the stores or the next
    /// call.
    void set_cache(ThreadCache& cache);

    /// The store of that name, a KeyValueBytesStore or WindowBytesStore by its kind; null: none.
    StateStore* store(const std::string& name);

    /// A hint that a record with that key will be processed in about two records' time. Tables,
    /// windows and sessions mostly have the keys of the records that their task reads, so that they
    /// can fetch into the processor's cache what they will look up. Does nothing unless expects().
    void expect(BytesView key);
    bool expects() const noexcept;

    /// Commit, step 1: every cache lets go of its dirty entries, store by store in the order of the
    /// specs, entries by last write; this logs them and calls flush listeners.
    void flush_caches();

    /// Lets the record caches forget what they hold of rows flushed before: gives the memory back,
    /// and stores then show what is kept rather than what is cached (which may be expired rows).
    void forget_flushed();

    /// Bytes written since the last commit that wait for it.
    std::size_t uncommitted_bytes() const;

    /// Commit, step 2, after Kafka has committed: applies everything logged so far, and for each
    /// store (by spec index) the offset up to which its changelog is now reflected (of the last
    /// record; nothing: unchanged).
    /// `behind`: stores whose changelog is known to have, or may have, more than that by now.
    void commit(std::span<const std::optional<Offset>> changelog_offsets,
                std::span<const std::size_t> behind = {});

    /// The same for global stores, which contain all partitions of a topic: for each store, up to
    /// where its topic is now reflected. A store without positions is not trusted when it is opened
    /// again.
    void commit_positions(std::span<const TopicPositions> positions,
                          std::span<const std::size_t> behind = {});

    /// Forgets everything since the last commit.
    void roll_back();

    /// The offset of the last changelog record reflected in the stored data; nothing when not
    /// known: restore from the beginning. By spec index.
    std::optional<Offset> changelog_offset(std::size_t store) const;

    /// The positions of a global store's last commit; empty: read its topic from the beginning. By
    /// spec index.
    const TopicPositions& positions(std::size_t store) const;

    /// When a store was last known to reflect all of its changelog, wall clock; nothing when never.
    /// Removals that were written to the changelog before then are in the store.
    std::optional<Timestamp> current_at(std::size_t store) const;

    /// To be called again and again while there is nothing to commit, by the owner of the
    /// partition: says that the stores still reflect all of their changelogs, and brings to disk
    /// what was committed long enough ago. Cheap. `behind` as of commit().
    void keep_current(std::span<const std::size_t> behind = {});

    /// Restoring a store: clear() first if its content is not trusted, then batches of changelog
    /// records in offset order, then finish_restore with the offset of the last record read
    /// (nothing if the changelog was empty). Bulk-loads when the store was empty. `current_at` is
    /// when that record was known to be the changelog's last; nothing: it was not, or is not known.
    /// A store that was restored from nothing is on disk when finish_restore returns.
    void clear(std::size_t store);
    void restore(std::size_t store, std::span<const ChangelogRecord> records);
    void finish_restore(std::size_t store, std::optional<Offset> last,
                        std::optional<Timestamp> current_at = std::nullopt);

    /// Flushes to disk so that the next open finds everything committed, and closes, even when it
    /// throws. Idempotent.
    void close();

    /// Closes and deletes the folder's content.
    void wipe();

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace millrace::state
