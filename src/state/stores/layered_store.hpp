// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/stores/store_layers.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace millrace::state {

/// A store of a task, whatever its kind: its layers, and its part in commits and restores.
///
/// A kind overrides what it keeps beside its rows, and calls the layers for the rest.
/// Not thread-safe. Errors: as StoreLayers.
class LayeredStore {
  public:
    virtual ~LayeredStore() = default;
    LayeredStore(const LayeredStore&) = delete;
    LayeredStore& operator=(const LayeredStore&) = delete;

    const detail::StoreSpec& spec() const noexcept { return layers_.spec(); }
    Engine& engine() const noexcept { return layers_.engine(); }

    /// As StoreLayers::prefetch.
    virtual void prefetch(BytesView key) { layers_.prefetch(key); }

    /// Logs and forwards what a commit must wait for.
    virtual void flush() { layers_.flush(); }
    void evict_flushed() { layers_.evict_flushed(); }

    /// As StoreLayers': write_to_engine() puts what was logged into the engine. The caller commits
    /// the engine's database, then calls committed().
    void write_to_engine() { layers_.write_to_engine(); }
    virtual void committed() { layers_.committed(); }
    virtual void roll_back() { layers_.roll_back(); }
    std::size_t uncommitted_bytes() const { return layers_.uncommitted_bytes(); }

    /// One batch of the changelog, in order. Requires that nothing is uncommitted.
    virtual void restore(std::span<const ChangelogRecord> records) = 0;

    /// False when restoring reads what it has put, so that an empty store is not bulk-loaded.
    virtual bool restores_by_loading() const { return true; }

    /// Removes everything.
    virtual void clear() { layers_.clear(); }

    void leave_cache() { layers_.leave_cache(); }
    void join_cache() { layers_.join_cache(); }

    /// State beside the rows that must survive with them; docs/formats/state-database.md.
    virtual void save(Bytes& out) const { layers_.save(out); }
    virtual void load(BytesView saved) { layers_.load(saved); }

  protected:
    LayeredStore(const detail::StoreSpec& spec, std::size_t index, StoreEnvironment& environment,
                 std::unique_ptr<Engine> engine)
        : layers_(spec, index, environment, std::move(engine)) {}

    StoreLayers layers_;
};

}  // namespace millrace::state
