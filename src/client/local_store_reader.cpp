// SPDX-License-Identifier: Apache-2.0
#include "client/local_store_reader.hpp"

#include "client/inside_client.hpp"
#include "core/simulator.hpp"
#include "core/thread_annotations.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/serde/times.hpp"
#include "millrace/state/bytes_store.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <utility>

namespace millrace::client {

namespace {

using detail::StoreKind;
using detail::StoreReader;

bool with_timestamp(StoreKind kind) {
    return kind == StoreKind::kTimestampedKeyValue || kind == StoreKind::kTimestampedWindow;
}

Bytes plain_value(BytesView value, bool timestamped) {
    return Bytes(timestamped ? value.substr(std::min(detail::kTimeSize, value.size())) : value);
}

class LocalStoreReader final : public StoreReader {
  public:
    LocalStoreReader(std::string store, std::any serdes, bool timestamped,
                     std::vector<std::int32_t> parts, const void* client, LiveThreads threads)
        : StoreReader(store, std::move(serdes)),
          store_(std::move(store)),
          timestamped_(timestamped),
          parts_(std::move(parts)),
          client_(client),
          threads_(std::move(threads)) {}

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
            for (auto row = store.range(first, last, RowOrder::kForward); row->valid();
                 row->next()) {
                entries.emplace_back(Bytes(row->key()), value_of(row->value()));
            }
        });
        return entries;
    }

    std::uint64_t approximate_num_entries() const override {
        std::uint64_t count = 0;
        visit<KeyValueBytesStore>(
            [&](KeyValueBytesStore& store) { count += store.approximate_num_entries(); });
        return count;
    }

    std::vector<WindowEntry> fetch(BytesView key, Timestamp from, Timestamp to) const override {
        std::vector<WindowEntry> entries;
        visit<WindowBytesStore>([&](WindowBytesStore& store) {
            append(*store.fetch(key, from, to, RowOrder::kForward), entries);
        });
        return entries;
    }

    std::vector<WindowEntry> fetch_all(Timestamp from, Timestamp to) const override {
        std::vector<WindowEntry> entries;
        visit<WindowBytesStore>([&](WindowBytesStore& store) {
            append(*store.fetch_range(std::nullopt, std::nullopt, from, to, RowOrder::kForward),
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
            for (auto row = store.find_sessions(first, last, earliest_end, latest_start,
                                                RowOrder::kForward);
                 row->valid(); row->next()) {
                entries.push_back({Bytes(row->key()), row->session(), Bytes(row->value())});
            }
        });
        return entries;
    }

    /// Calls `read` with the store of every task that has it, on the thread that owns the store,
    /// one task at a time.
    template <class Store, class Read>
    void visit(Read read) const {
        if (InsideClient::is(client_)) {
            throw StateError("store cannot be queried by a thread of its own client: " + store_ +
                             "; a processor must use the stores of its context, a listener or "
                             "handler must query from another thread");
        }
        bool any = false;
        for (const auto& thread : threads_()) {
            any = visit_thread<Store>(*thread, read) || any;
        }
        if (!any) {
            throw StateError(
                "no task of this instance has the store at the moment: " + store_ +
                "; the group may be rebalancing, or other instances have all its tasks");
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
                    require_restored(tasks);
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
        while (simulator != nullptr &&
               result.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
            simulator->wait(this, std::chrono::milliseconds{1});
        }
        try {
            return result.get();
        } catch (const std::future_error&) {
            return false;  // The thread ended before it ran the query.
        }
    }

    /// Rows that a task has not restored yet would appear to be missing.
    void require_restored(runtime::TaskRegistry& tasks) const {
        for (const TaskId& id : tasks.ids()) {
            const bool has_store =
                std::find(parts_.begin(), parts_.end(), id.sub_topology) != parts_.end();
            if (has_store && tasks.find(id)->task->state() != runtime::TaskState::kRunning) {
                throw StateError("store cannot be queried while it is being restored: " + store_ +
                                 ", task " + to_string(id) + "; try again later");
            }
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
    std::vector<std::int32_t> parts_;  // Sub-topologies that have the store.
    const void* client_;
    LiveThreads threads_;
};

/// Reads through a view of its own, one read at a time.
class GlobalStoreReader final : public StoreReader {
  public:
    GlobalStoreReader(runtime::GlobalStores& stores, const detail::StoreSpec& spec)
        : StoreReader(spec.name, spec.serdes),
          gate_(stores.gate()),
          views_(stores.views()),
          store_(dynamic_cast<KeyValueBytesStore&>(*views_->find(spec.name))),
          timestamped_(with_timestamp(spec.kind)) {}

    std::optional<Bytes> get(BytesView key) const override {
        require_complete();
        const MutexLock lock(mutex_);
        const NullableBytes value = store_.get(key);
        return value ? std::optional(plain_value(*value, timestamped_)) : std::nullopt;
    }

    std::vector<Entry> range(NullableBytes first, NullableBytes last) const override {
        require_complete();
        std::vector<Entry> entries;
        for (auto row = store_.range(first, last, RowOrder::kForward); row->valid(); row->next()) {
            entries.emplace_back(Bytes(row->key()), plain_value(row->value(), timestamped_));
        }
        return entries;
    }

    std::uint64_t approximate_num_entries() const override {
        require_complete();
        return store_.approximate_num_entries();
    }

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
    void require_complete() const {
        if (!gate_->complete()) {
            throw StateError("global store cannot be queried before start() has read its topic: " +
                             store_.name());
        }
    }

    std::shared_ptr<runtime::GlobalStoresGate> gate_;
    std::shared_ptr<runtime::GlobalStoreViews> views_;
    KeyValueBytesStore& store_;
    bool timestamped_;
    mutable Mutex mutex_;  // The view's result is valid until its next read.
};

}  // namespace

std::shared_ptr<const StoreReader> make_global_store_reader(const detail::StoreSpec& spec,
                                                            runtime::GlobalStores& stores) {
    return std::make_shared<GlobalStoreReader>(stores, spec);
}

std::shared_ptr<const StoreReader> make_local_store_reader(
    const std::string& store, const topology::ApplicationTopology& application, const void* client,
    LiveThreads threads) {
    const auto& specs = application.spec->stores;
    const auto spec = std::find_if(specs.begin(), specs.end(),
                                   [&](const auto& each) { return each.name == store; });
    if (spec == specs.end()) {
        throw StateError("the topology has no store of this name: " + store);
    }
    std::vector<std::int32_t> parts;
    for (const topology::SubTopology& part : application.sub_topologies) {
        if (std::any_of(part.stores.begin(), part.stores.end(),
                        [&](std::size_t each) { return specs[each].name == store; })) {
            parts.push_back(part.id);
        }
    }
    return std::make_shared<LocalStoreReader>(store, spec->serdes, with_timestamp(spec->kind),
                                              std::move(parts), client, std::move(threads));
}

}  // namespace millrace::client
