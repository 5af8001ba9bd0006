// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_hooks.hpp"
#include "state/stores/store_layers.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace millrace::state {

/// A store of a task, of any kind: its layers, and its part in commits and restores.
///
/// A kind overrides the functions for its own data, and calls the layers for everything else. Not
/// thread-safe. Errors: see StoreLayers.
class LayeredStore : public detail::StoreHooks {
  public:
    virtual ~LayeredStore() = default;
    LayeredStore(const LayeredStore&) = delete;
    LayeredStore& operator=(const LayeredStore&) = delete;

    const detail::StoreSpec& spec() const noexcept { return layers_.spec(); }
    Engine& engine() const noexcept { return layers_.engine(); }

    // StoreHooks
    StateStore* with_headers() override { return nullptr; }
    bool set_flush_listener(detail::FlushListener* listener, bool send_old_values) final {
        return layers_.set_flush_listener(listener, send_old_values);
    }

    /// See StoreLayers::prefetch.
    virtual void prefetch(BytesView key) { layers_.prefetch(key); }

    /// Logs and forwards everything that a commit must wait for.
    virtual void flush() { layers_.flush(); }
    void evict_flushed() { layers_.evict_flushed(); }

    /// See StoreLayers: write_to_engine() writes logged rows to the engine. The caller commits the
    /// engine's database, then calls committed().
    void write_to_engine() { layers_.write_to_engine(); }
    virtual void committed() { layers_.committed(); }
    virtual void roll_back() { layers_.roll_back(); }
    std::size_t uncommitted_bytes() const { return layers_.uncommitted_bytes(); }

    /// A batch of changelog records, in order. Requires that nothing is uncommitted.
    virtual void restore(std::span<const ChangelogRecord> records) = 0;

    /// False if restoring reads its own puts, so that an empty store is not bulk-loaded.
    virtual bool restores_by_loading() const { return true; }

    /// Removes everything.
    virtual void clear() { layers_.clear(); }

    /// See StoreLayers.
    void drop_clean_rows() { layers_.drop_clean_rows(); }

    void leave_cache() { layers_.leave_cache(); }
    void join_cache() { layers_.join_cache(); }

    /// The store's own data, which must survive with its rows; docs/formats/state-database.md.
    virtual void save(Bytes& out) const { layers_.save(out); }
    virtual void load(BytesView saved) { layers_.load(saved); }

  protected:
    LayeredStore(const detail::StoreSpec& spec, std::size_t index, StoreEnvironment& environment,
                 std::unique_ptr<Engine> engine)
        : layers_(spec, index, environment, std::move(engine)) {}

    StoreLayers layers_;
};

}  // namespace millrace::state
