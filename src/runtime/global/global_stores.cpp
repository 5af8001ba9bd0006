// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_stores.hpp"

#include "millrace/core/error.hpp"
#include "state/format/state_corrupted.hpp"

#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace millrace::runtime {

GlobalStoresGate::Reading::Reading(GlobalStoresGate& gate, const std::string& store) : gate_(gate) {
    if (gate_.writer_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
        throw StateError("a global store cannot be queried by the processor that fills it: store " +
                         store + "; use the store of its context");
    }
    if (!gate.mutex_.try_lock()) {
        gate.waiting_.fetch_add(1, std::memory_order_relaxed);
        gate.mutex_.lock();
        gate.waiting_.fetch_sub(1, std::memory_order_relaxed);
    }
    if (gate.closed_) {
        gate.mutex_.unlock();
        throw StateError("the global stores are closed because the client has ended: store " +
                         store);
    }
}

void GlobalStoresGate::give_way() const {
    constexpr int kLongEnough = 1000;
    for (int i = 0; i < kLongEnough && waiting_.load(std::memory_order_relaxed) > 0; ++i) {
        std::this_thread::yield();
    }
}

namespace {

using Gate = std::shared_ptr<GlobalStoresGate>;

/// Reads, and reports damaged files to the writer.
template <class Read>
auto noting_damage(GlobalStoresGate& gate, Read read) {
    try {
        return read();
    } catch (const state::StateCorrupted&) {
        gate.found_damage();
        throw;
    }
}

/// Opens an iterator after a row, or at its beginning.
using OpenRows = std::function<std::unique_ptr<BytesIterator>(const std::optional<Bytes>& after)>;

/// An iterator that copies a chunk at a time under the lock.
class RowsInPieces final : public BytesIterator {
  public:
    RowsInPieces(Gate gate, std::string store, OpenRows open)
        : gate_(std::move(gate)), store_(std::move(store)), open_(std::move(open)) {
        take_piece(std::nullopt);
    }

    bool valid() const override { return at_ < rows_.size(); }
    void next() override {
        if (++at_ == rows_.size() && more_) {
            take_piece(Bytes(rows_.back().first));
        }
    }
    BytesView key() const override { return rows_[at_].first; }
    BytesView value() const override { return rows_[at_].second; }

  private:
    static constexpr std::size_t kRows = 256;
    static constexpr std::size_t kBytes = 256 << 10;

    void take_piece(const std::optional<Bytes>& after) {
        rows_.clear();
        at_ = 0;
        const GlobalStoresGate::Reading reading(*gate_, store_);
        noting_damage(*gate_, [&] { copy_piece(after); });
    }

    void copy_piece(const std::optional<Bytes>& after) {
        const auto rows = open_(after);
        std::size_t bytes = 0;
        for (; rows->valid() && rows_.size() < kRows && bytes < kBytes; rows->next()) {
            if (after && rows->key() == *after) {
                continue;
            }
            rows_.emplace_back(Bytes(rows->key()), Bytes(rows->value()));
            bytes += rows_.back().first.size() + rows_.back().second.size();
        }
        more_ = rows->valid();
    }

    Gate gate_;
    std::string store_;
    OpenRows open_;
    std::vector<std::pair<Bytes, Bytes>> rows_;
    std::size_t at_ = 0;
    bool more_ = false;
};

/// The rows of an ascending iterator that start with a prefix.
class RowsOfPrefix final : public BytesIterator {
  public:
    RowsOfPrefix(std::unique_ptr<BytesIterator> rows, Bytes prefix)
        : rows_(std::move(rows)), prefix_(std::move(prefix)) {}

    bool valid() const override { return rows_->valid() && rows_->key().starts_with(prefix_); }
    void next() override { rows_->next(); }
    BytesView key() const override { return rows_->key(); }
    BytesView value() const override { return rows_->value(); }

  private:
    std::unique_ptr<BytesIterator> rows_;
    Bytes prefix_;
};

NullableBytes view(const std::optional<Bytes>& bytes) {
    return bytes ? NullableBytes(*bytes) : std::nullopt;
}

class KeyValueView final : public KeyValueBytesStore {
  public:
    KeyValueView(KeyValueBytesStore& store, Gate gate)
        : store_(store),
          gate_(std::move(gate)),
          name_(store.name()),
          persistent_(store.persistent()),
          specification_(store.specification()) {}

    const std::string& name() const override { return name_; }
    bool persistent() const override { return persistent_; }
    const detail::StoreSpec* specification() const override { return specification_; }

    NullableBytes get(BytesView key) override {
        const GlobalStoresGate::Reading reading(*gate_, name_);
        return noting_damage(*gate_, [&]() -> NullableBytes {
            const NullableBytes value = store_.get(key);
            if (!value) {
                return std::nullopt;
            }
            value_.assign(*value);
            return BytesView(value_);
        });
    }

    void put(BytesView /*key*/, const NullableBytes& /*value*/) override {
        throw StateError("a global store can only be read by tasks: store " + name());
    }

    std::unique_ptr<BytesIterator> range(NullableBytes first, NullableBytes last,
                                         RowOrder order) override {
        const auto owned = [](const NullableBytes& bytes) {
            return bytes ? std::optional(Bytes(*bytes)) : std::nullopt;
        };
        return in_pieces([&store = store_, from = owned(first), to = owned(last),
                          order](const std::optional<Bytes>& after) {
            const bool forward = order == RowOrder::kForward;
            return store.range(view(forward && after ? after : from),
                               view(!forward && after ? after : to), order);
        });
    }

    std::unique_ptr<BytesIterator> prefix_scan(BytesView prefix) override {
        return in_pieces(
            [&store = store_, begin = Bytes(prefix)](const std::optional<Bytes>& after) {
                if (!after) {
                    return store.prefix_scan(begin);
                }
                return std::unique_ptr<BytesIterator>(std::make_unique<RowsOfPrefix>(
                    store.range(BytesView(*after), std::nullopt, RowOrder::kForward), begin));
            });
    }

    std::uint64_t approximate_num_entries() override {
        const GlobalStoresGate::Reading reading(*gate_, name_);
        return store_.approximate_num_entries();
    }

  private:
    std::unique_ptr<BytesIterator> in_pieces(OpenRows open) const {
        return std::make_unique<RowsInPieces>(gate_, name_, std::move(open));
    }

    KeyValueBytesStore& store_;  // Only while reading is allowed: it may be destroyed otherwise.
    Gate gate_;
    std::string name_;
    bool persistent_;
    const detail::StoreSpec* specification_;
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
    const GlobalStoresGate::Reading reading(*gate_, global_.front().store.name);
    for (const detail::GlobalStoreSpec& global : global_) {
        const std::string& name = global.store.name;
        auto* store = dynamic_cast<KeyValueBytesStore*>(stores_.store(name));
        if (store == nullptr) {
            throw TopologyError("only key-value stores can be global: store " + name);
        }
        views->add(name, std::make_unique<KeyValueView>(*store, gate_));
    }
    return views;
}

}  // namespace millrace::runtime
