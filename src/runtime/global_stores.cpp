// SPDX-License-Identifier: Apache-2.0
#include "runtime/global_stores.hpp"

#include "millrace/core/error.hpp"

#include <utility>

namespace millrace::runtime {

namespace {

using Rows = std::vector<std::pair<Bytes, Bytes>>;

/// A walk over rows copied under the lock.
class CopiedRows final : public BytesIterator {
  public:
    explicit CopiedRows(Rows rows) : rows_(std::move(rows)) {}

    bool valid() const override { return at_ < rows_.size(); }
    void next() override { ++at_; }
    BytesView key() const override { return rows_[at_].first; }
    BytesView value() const override { return rows_[at_].second; }

  private:
    Rows rows_;
    std::size_t at_ = 0;
};

class KeyValueView final : public KeyValueBytesStore {
  public:
    KeyValueView(KeyValueBytesStore& store, std::mutex& mutex) : store_(store), mutex_(mutex) {}

    const std::string& name() const override { return store_.name(); }
    bool persistent() const override { return store_.persistent(); }
    const detail::StoreSpec* specification() const override { return store_.specification(); }

    NullableBytes get(BytesView key) override {
        const std::scoped_lock lock(mutex_);
        const NullableBytes value = store_.get(key);
        if (!value) {
            return std::nullopt;
        }
        value_.assign(*value);
        return BytesView(value_);
    }

    void put(BytesView /*key*/, const NullableBytes& /*value*/) override {
        throw StateError("a global store can only be read by tasks: store " + name());
    }

    std::unique_ptr<BytesIterator> range(NullableBytes first, NullableBytes last,
                                         Order order) override {
        const std::scoped_lock lock(mutex_);
        return copied(store_.range(first, last, order));
    }

    std::unique_ptr<BytesIterator> prefix_scan(BytesView prefix) override {
        const std::scoped_lock lock(mutex_);
        return copied(store_.prefix_scan(prefix));
    }

    std::uint64_t approximate_entries() override {
        const std::scoped_lock lock(mutex_);
        return store_.approximate_entries();
    }

    bool set_flush_listener(detail::FlushListener* /*listener*/,
                            bool /*send_old_values*/) override {
        return false;
    }

  private:
    static std::unique_ptr<BytesIterator> copied(std::unique_ptr<BytesIterator> rows) {
        Rows copy;
        for (; rows->valid(); rows->next()) {
            copy.emplace_back(Bytes(rows->key()), Bytes(rows->value()));
        }
        return std::make_unique<CopiedRows>(std::move(copy));
    }

    KeyValueBytesStore& store_;
    std::mutex& mutex_;
    Bytes value_;
};

class Views final : public GlobalStoreViews {
  public:
    void add(const std::string& name, std::unique_ptr<StateStore> view) {
        views_.emplace(name, std::move(view));
    }
    StateStore* find(const std::string& name) override {
        const auto found = views_.find(name);
        return found == views_.end() ? nullptr : found->second.get();
    }

  private:
    std::map<std::string, std::unique_ptr<StateStore>> views_;
};

}  // namespace

std::shared_ptr<GlobalStoreViews> GlobalStores::views() {
    auto views = std::make_shared<Views>();
    for (const detail::GlobalStoreSpec& global : global_) {
        const std::string& name = global.store.name;
        auto* store = dynamic_cast<KeyValueBytesStore*>(stores_.store(name));
        if (store == nullptr) {
            throw TopologyError("only key-value stores can be global: store " + name);
        }
        views->add(name, std::make_unique<KeyValueView>(*store, mutex_));
    }
    return views;
}

}  // namespace millrace::runtime
