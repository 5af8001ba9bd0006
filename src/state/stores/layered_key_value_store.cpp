// SPDX-License-Identifier: Apache-2.0
#include "state/stores/layered_key_value_store.hpp"

#include "state/engine/key_range.hpp"
#include "state/stores/headers_view.hpp"

#include <utility>

namespace millrace::state {

// Rows without the prefix of their values.
class LayeredKeyValueStore::Values final : public BytesIterator {
  public:
    Values(LayeredKeyValueStore& store, std::unique_ptr<BytesIterator> rows)
        : store_(&store), rows_(std::move(rows)) {}

    bool valid() const override { return rows_->valid(); }
    void next() override { rows_->next(); }
    BytesView key() const override { return rows_->key(); }
    BytesView value() const override { return *store_->layers_.format().value_of(rows_->value()); }

  private:
    LayeredKeyValueStore* store_;
    std::unique_ptr<BytesIterator> rows_;
};

class LayeredKeyValueStore::WithHeaders final
    : public HeadersView<KeyValueBytesStore, LayeredKeyValueStore> {
  public:
    using HeadersView::HeadersView;

    NullableBytes get(BytesView key) override { return store_->layers_.read(key); }
    void put(BytesView key, const NullableBytes& value) override {
        store_->layers_.write(key, value);
    }
    std::unique_ptr<BytesIterator> range(NullableBytes first, NullableBytes last,
                                         RowOrder order) override {
        return store_->layers_.iterate(inclusive_range(first, last), order);
    }
    std::unique_ptr<BytesIterator> prefix_scan(BytesView prefix) override {
        return store_->layers_.iterate(prefix_range(prefix), RowOrder::kForward);
    }
    std::uint64_t approximate_num_entries() override { return store_->approximate_num_entries(); }
};

LayeredKeyValueStore::LayeredKeyValueStore(const detail::StoreSpec& spec, std::size_t index,
                                           StoreEnvironment& environment,
                                           std::unique_ptr<Engine> engine)
    : LayeredStore(spec, index, environment, std::move(engine)) {}

LayeredKeyValueStore::~LayeredKeyValueStore() = default;

KeyValueBytesStore* LayeredKeyValueStore::with_headers() {
    if (layers_.format().keeps_headers() && with_headers_ == nullptr) {
        with_headers_ = std::make_unique<WithHeaders>(*this);
    }
    return with_headers_.get();
}

std::unique_ptr<BytesIterator> LayeredKeyValueStore::values(KeyRange range, RowOrder order) {
    std::unique_ptr<BytesIterator> rows = layers_.iterate(std::move(range), order);
    return layers_.format().keeps_headers() ? std::make_unique<Values>(*this, std::move(rows))
                                            : std::move(rows);
}

bool LayeredKeyValueStore::persistent() const {
    return engine().persistent();
}

std::unique_ptr<BytesIterator> LayeredKeyValueStore::range(NullableBytes first, NullableBytes last,
                                                           RowOrder order) {
    return values(inclusive_range(first, last), order);
}

std::unique_ptr<BytesIterator> LayeredKeyValueStore::prefix_scan(BytesView prefix) {
    return values(prefix_range(prefix), RowOrder::kForward);
}

void LayeredKeyValueStore::restore(std::span<const ChangelogRecord> records) {
    for (const ChangelogRecord& record : records) {
        if (record.key) {
            engine().put(*record.key, layers_.format().restored(record));
        }
    }
}

}  // namespace millrace::state
