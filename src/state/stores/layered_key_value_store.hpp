// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "state/stores/layered_store.hpp"

namespace millrace::state {

/// Key-value stores, timestamped or not, on any engine.
class LayeredKeyValueStore final : public KeyValueBytesStore, public LayeredStore {
  public:
    LayeredKeyValueStore(const detail::StoreSpec& spec, std::size_t index,
                         StoreEnvironment& environment, std::unique_ptr<Engine> engine);
    ~LayeredKeyValueStore() override;

    const std::string& name() const override { return spec().name; }
    bool persistent() const override;
    const detail::StoreSpec* specification() const override { return &spec(); }

    NullableBytes get(BytesView key) override {
        return layers_.format().value_of([&] { return layers_.read(key); });
    }
    void put(BytesView key, const NullableBytes& value) override {
        layers_.write(key, layers_.format().row_of(value, kNoTimestamp, layers_.context()));
    }
    std::unique_ptr<BytesIterator> range(NullableBytes first, NullableBytes last,
                                         RowOrder order) override;
    std::unique_ptr<BytesIterator> prefix_scan(BytesView prefix) override;
    std::uint64_t approximate_num_entries() override { return layers_.approximate_num_entries(); }
    KeyValueBytesStore* with_headers() override;

    void restore(std::span<const ChangelogRecord> records) override;

  private:
    class WithHeaders;
    class Values;

    std::unique_ptr<BytesIterator> values(KeyRange range, RowOrder order);

    std::unique_ptr<KeyValueBytesStore> with_headers_;
};

}  // namespace millrace::state
