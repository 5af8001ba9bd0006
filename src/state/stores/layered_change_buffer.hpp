// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/change_buffer.hpp"
#include "state/stores/layered_store.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace millrace::state {

/// Buffered changes, all in memory. A flush logs every key that changed since the last one, once:
/// its current change, or a deletion.
class LayeredChangeBuffer final : public detail::ChangeBuffer, public LayeredStore {
  public:
    LayeredChangeBuffer(const detail::StoreSpec& spec, std::size_t index,
                        StoreEnvironment& environment);

    const std::string& name() const override { return spec().name; }
    bool persistent() const override { return false; }

    void put(Timestamp time, BytesView key, const NullableBytes& old_value,
             const NullableBytes& new_value, const detail::RecordContext& cause) override;
    std::size_t records() const override { return places_.size(); }
    std::size_t bytes() const override { return bytes_; }
    Timestamp first_time() const override;
    BytesView first_key() const override { return changes_.begin()->first.second; }
    const detail::BufferedChange& first() const override { return changes_.begin()->second; }
    void pop_first() override;
    const detail::BufferedChange* find(BytesView key) const override;

    void flush() override;
    void committed() override;
    void roll_back() override;
    void restore(std::span<const ChangelogRecord> records) override;
    void clear() override;

  private:
    using Place = std::pair<Timestamp, Bytes>;
    using Changes = std::map<Place, detail::BufferedChange>;
    struct Before {
        Timestamp time{};
        detail::BufferedChange change{};
    };

    std::shared_ptr<const detail::ValueOrigins> origins_after(
        const detail::BufferedChange* before, const detail::BufferedChange& change) const;
    void remember(const Bytes& key);
    void set(Timestamp time, const Bytes& key, detail::BufferedChange change);
    void remove(const Bytes& key);
    const std::string* kept_topic(const std::string& topic);

    const bool keeps_origins_;  // Of values, with dsl.store.format=headers.
    Changes changes_;           // By time and key.
    std::unordered_map<Bytes, Changes::iterator> places_;  // By key.
    std::size_t bytes_ = 0;
    std::set<Bytes> unlogged_;
    std::map<Bytes, std::optional<Before>> undo_;  // The content at the last commit.
    std::set<std::string> topics_;                 // Of restored changes.
    Bytes key_;
    Bytes logged_value_;
    Headers logged_headers_;
};

}  // namespace millrace::state
