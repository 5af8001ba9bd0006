// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "state/format/version_row.hpp"
#include "state/stores/layered_store.hpp"

#include <cstdint>
#include <optional>

namespace millrace::state {

/// Stores that keep older values, on any engine. The latest value of a key is in a segment that is
/// never dropped. A version that has ended is in the segment of its end time, so history expires
/// segment by segment. docs/formats/versioned-value.md
///
/// Stream time is the largest timestamp that was put.
class LayeredVersionedStore final : public VersionedBytesStore, public LayeredStore {
  public:
    LayeredVersionedStore(const detail::StoreSpec& spec, std::size_t index,
                          StoreEnvironment& environment, std::unique_ptr<Engine> engine);

    const std::string& name() const override { return spec().name; }
    bool persistent() const override { return engine().persistent(); }
    const detail::StoreSpec* specification() const override { return &spec(); }

    VersionPut put(BytesView key, const NullableBytes& value, Timestamp timestamp) override;
    std::optional<VersionedBytes> get(BytesView key) override;
    std::optional<VersionedBytes> get(BytesView key, Timestamp as_of) override;

    void restore(std::span<const ChangelogRecord> records) override;
    bool restores_by_loading() const override { return false; }  // Puts read earlier puts.

  private:
    std::int64_t segment_of(std::int64_t time) { return layers_.expiry().segment_of(time); }
    std::int64_t oldest() const {
        return layers_.expiry().stream_time() - layers_.expiry().rule().retention_ms;
    }

    /// Puts a version that is not too late; when it ends, if another follows.
    std::optional<std::int64_t> insert(BytesView key, const NullableBytes& value,
                                       std::int64_t time);
    std::optional<std::int64_t> insert_into_history(BytesView key, const NullableBytes& value,
                                                    std::int64_t time,
                                                    std::optional<std::int64_t> end);
    void split(BytesView key, std::int64_t segment, BytesView row, const RowVersion& version,
               std::int64_t time, const NullableBytes& value);
    void insert_latest(BytesView key, const NullableBytes& value, std::int64_t time);
    void append(BytesView key, std::int64_t from, std::int64_t to, const NullableBytes& value);
    void note_removal(BytesView key, std::int64_t time);

    BytesView key_in(std::int64_t segment, BytesView key);
    void store_history(std::int64_t segment, BytesView key);

    Bytes key_;
    Bytes row_;
};

}  // namespace millrace::state
