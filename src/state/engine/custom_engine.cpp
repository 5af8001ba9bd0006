// SPDX-License-Identifier: Apache-2.0
#include "state/engine/custom_engine.hpp"

#include <optional>
#include <vector>

namespace millrace::state {
namespace {

// Excludes `upper`, which ranges of the custom store include.
class BelowUpper final : public BytesIterator {
  public:
    BelowUpper(std::unique_ptr<BytesIterator> rows, NullableOwnedBytes upper)
        : rows_(std::move(rows)), upper_(std::move(upper)) {
        skip();
    }
    bool valid() const override { return rows_->valid(); }
    void next() override {
        rows_->next();
        skip();
    }
    BytesView key() const override { return rows_->key(); }
    BytesView value() const override { return rows_->value(); }

  private:
    void skip() {
        while (upper_ && rows_->valid() && rows_->key() == *upper_) {
            rows_->next();
        }
    }

    std::unique_ptr<BytesIterator> rows_;
    NullableOwnedBytes upper_;
};

NullableBytes view(const NullableOwnedBytes& bytes) {
    return bytes ? NullableBytes(*bytes) : std::nullopt;
}

}  // namespace

std::unique_ptr<BytesIterator> CustomEngine::iterate(const KeyRange& range, RowOrder order) {
    return std::make_unique<BelowUpper>(store_->range(view(range.lower), view(range.upper), order),
                                        range.upper);
}

void CustomEngine::clear() {
    std::vector<Bytes> keys;
    for (auto row = iterate({}, RowOrder::kForward); row->valid(); row->next()) {
        keys.emplace_back(row->key());
    }
    for (const Bytes& key : keys) {
        store_->put(key, std::nullopt);
    }
}

}  // namespace millrace::state
