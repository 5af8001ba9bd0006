// SPDX-License-Identifier: Apache-2.0
#include "client/local_store_reader.hpp"

#include "millrace/core/error.hpp"
#include "millrace/state/bytes_store.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <mutex>
#include <utility>

namespace millrace::client {

namespace {

using detail::StoreKind;
using detail::StoreReader;

constexpr std::size_t kTimestampBytes = 8;

bool with_timestamp(StoreKind kind) {
    return kind == StoreKind::kTimestampedKeyValue || kind == StoreKind::kTimestampedWindow;
}

Bytes plain_value(BytesView value, bool timestamped) {
    return Bytes(timestamped ? value.substr(std::min(kTimestampBytes, value.size())) : value);
}

class LocalStoreReader final : public StoreReader {
  public:
    LocalStoreReader(std::string store, bool timestamped, LiveThreads threads)
        : store_(std::move(store)), timestamped_(timestamped), threads_(std::move(threads)) {}

    std::optional<Bytes> get(BytesView key) const override {
        std::optional<Bytes> found;
        visit<KeyValueBytesStore>([&](KeyValueBytesStore& store) {
            if (found) {
                return;
            }
            if (const NullableBytes value = store.get(key)) {
                found = value_of(*value);
            }
        });
        return found;
    }

    std::vector<Entry> range(NullableBytes first, NullableBytes last) const override {
        std::vector<Entry> entries;
        visit<KeyValueBytesStore>([&](KeyValueBytesStore& store) {
            for (auto row = store.range(first, last, Order::kForward); row->valid(); row->next()) {
                entries.emplace_back(Bytes(row->key()), value_of(row->value()));
            }
        });
        return entries;
    }

    std::uint64_t approximate_entries() const override {
        std::uint64_t count = 0;
        visit<KeyValueBytesStore>(
            [&](KeyValueBytesStore& store) { count += store.approximate_entries(); });
        return count;
    }

    std::vector<WindowEntry> fetch(BytesView key, Timestamp from, Timestamp to) const override {
        std::vector<WindowEntry> entries;
        visit<WindowBytesStore>([&](WindowBytesStore& store) {
            append(*store.fetch(key, from, to, Order::kForward), entries);
        });
        return entries;
    }

    std::vector<WindowEntry> fetch_all(Timestamp from, Timestamp to) const override {
        std::vector<WindowEntry> entries;
        visit<WindowBytesStore>([&](WindowBytesStore& store) {
            append(*store.fetch_range(std::nullopt, std::nullopt, from, to, Order::kForward),
                   entries);
        });
        return entries;
    }

    std::optional<Bytes> fetch_session(BytesView key, SessionWindow session) const override {
        std::optional<Bytes> found;
        visit<SessionBytesStore>([&](SessionBytesStore& store) {
            if (found) {
                return;
            }
            if (const NullableBytes value = store.fetch_session(key, session)) {
                found = Bytes(*value);
            }
        });
        return found;
    }

    std::vector<SessionEntry> find_sessions(NullableBytes first, NullableBytes last,
                                            Timestamp earliest_end,
                                            Timestamp latest_start) const override {
        std::vector<SessionEntry> entries;
        visit<SessionBytesStore>([&](SessionBytesStore& store) {
            for (auto row =
                     store.find_sessions(first, last, earliest_end, latest_start, Order::kForward);
                 row->valid(); row->next()) {
                entries.push_back({Bytes(row->key()), row->session(), Bytes(row->value())});
            }
        });
        return entries;
    }

    /// Calls `read` with the store of every task that has it, on the thread that owns it, one after
    /// the other.
    template <class Store, class Read>
    void visit(Read read) const {
        bool any = false;
        for (const auto& thread : threads_()) {
            any = visit_thread<Store>(*thread, read) || any;
        }
        if (!any) {
            throw StateError("no task of this instance has the store at the moment: " + store_ +
                             "; it may be rebalancing or restoring, or others have all of them");
        }
    }

  private:
    template <class Store, class Read>
    bool visit_thread(runtime::StreamThread& thread, Read& read) const {
        auto done = std::make_shared<std::promise<bool>>();
        auto result = done->get_future();
        thread.post(
            [this, &read, done = std::exchange(done, nullptr)](runtime::TaskRegistry& tasks) {
                try {
                    bool any = false;
                    for (runtime::StreamTask* task : tasks.running()) {
                        StateStore* store = task->stores().store(store_);
                        if (store == nullptr) {
                            continue;
                        }
                        auto* typed = dynamic_cast<Store*>(store);
                        if (typed == nullptr) {
                            throw StateError("store is of another kind: " + store_);
                        }
                        read(*typed);
                        any = true;
                    }
                    done->set_value(any);
                } catch (...) {
                    done->set_exception(std::current_exception());
                }
            });
        try {
            return result.get();
        } catch (const std::future_error&) {
            return false;  // The thread ended before it came to it.
        }
    }

    Bytes value_of(BytesView value) const { return plain_value(value, timestamped_); }

    void append(WindowBytesIterator& rows, std::vector<WindowEntry>& entries) const {
        for (; rows.valid(); rows.next()) {
            entries.push_back({Bytes(rows.key()), rows.window_start(), value_of(rows.value())});
        }
    }

    std::string store_;
    bool timestamped_;
    LiveThreads threads_;
};

/// Through a view of its own, whose reads take turns.
class GlobalStoreReader final : public StoreReader {
  public:
    GlobalStoreReader(std::shared_ptr<runtime::GlobalStoreViews> views, const std::string& store,
                      bool timestamped)
        : views_(std::move(views)),
          store_(dynamic_cast<KeyValueBytesStore&>(*views_->find(store))),
          timestamped_(timestamped) {}

    std::optional<Bytes> get(BytesView key) const override {
        const std::scoped_lock lock(mutex_);
        const NullableBytes value = store_.get(key);
        return value ? std::optional(plain_value(*value, timestamped_)) : std::nullopt;
    }

    std::vector<Entry> range(NullableBytes first, NullableBytes last) const override {
        std::vector<Entry> entries;
        for (auto row = store_.range(first, last, Order::kForward); row->valid(); row->next()) {
            entries.emplace_back(Bytes(row->key()), plain_value(row->value(), timestamped_));
        }
        return entries;
    }

    std::uint64_t approximate_entries() const override { return store_.approximate_entries(); }

    std::vector<WindowEntry> fetch(BytesView, Timestamp, Timestamp) const override {
        throw StateError("a global store is no window store: " + store_.name());
    }
    std::vector<WindowEntry> fetch_all(Timestamp, Timestamp) const override {
        throw StateError("a global store is no window store: " + store_.name());
    }
    std::optional<Bytes> fetch_session(BytesView, SessionWindow) const override {
        throw StateError("a global store is no session store: " + store_.name());
    }
    std::vector<SessionEntry> find_sessions(NullableBytes, NullableBytes, Timestamp,
                                            Timestamp) const override {
        throw StateError("a global store is no session store: " + store_.name());
    }

  private:
    std::shared_ptr<runtime::GlobalStoreViews> views_;
    KeyValueBytesStore& store_;
    bool timestamped_;
    mutable std::mutex mutex_;  // The view's result lives until its next read.
};

}  // namespace

std::shared_ptr<const StoreReader> make_global_store_reader(const detail::StoreSpec& spec,
                                                            runtime::GlobalStores& stores) {
    return std::make_shared<GlobalStoreReader>(stores.views(), spec.name,
                                               with_timestamp(spec.kind));
}

std::shared_ptr<const StoreReader> make_local_store_reader(
    const std::string& store, const topology::ApplicationTopology& application,
    LiveThreads threads) {
    const auto& specs = application.spec->stores;
    const auto spec = std::find_if(specs.begin(), specs.end(),
                                   [&](const auto& each) { return each.name == store; });
    if (spec == specs.end()) {
        throw StateError("the topology has no store of this name: " + store);
    }
    return std::make_shared<LocalStoreReader>(store, with_timestamp(spec->kind),
                                              std::move(threads));
}

}  // namespace millrace::client
