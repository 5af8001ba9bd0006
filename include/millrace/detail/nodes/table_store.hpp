// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "millrace/detail/nodes/table.hpp"
#include "millrace/detail/serde/times.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/detail/state/store_hooks.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/state/store_serdes.hpp"

#include <algorithm>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

/// Serdes of a table's store.
template <class K, class V>
using TableSerdes = StoreSerdes<K, V>;

/// Reads a value with a leading timestamp. Throws SerdeError.
template <class V>
Timestamp read_timestamped(const SerdeOf<V>& serde, BytesView bytes, V& out) {
    const Timestamp timestamp = take_time(bytes);
    serde.deserialize(bytes, out);
    return timestamp;
}

/// Replaces `out` by the value with a leading timestamp.
template <class V>
void write_timestamped(const SerdeOf<V>& serde, const V& value, Timestamp timestamp, Bytes& out) {
    serde.serialize_behind(kTimeSize, value, out);
    write_time(timestamp, out.data());
}

/// The store of that kind that `node` is connected to.
template <class Store>
Store& open_store(TaskContext& context, const Node& node, const std::string& name) {
    auto* store = dynamic_cast<Store*>(&context.store(node, name));
    if (store == nullptr) {
        throw TopologyError("store " + name + ", used by " + node.name() + ", is of another kind");
    }
    return *store;
}

/// The result of a put.
enum class PutResult {
    kLatest,
    kOutOfOrder,  ///< Stored as history (versioned stores).
    kDropped,     ///< Older than the history.
};

/// A node's access to its table of values with timestamps: reads and writes one key at a time,
/// which is serialised once.
template <class K, class V>
class TableStore {
  public:
    explicit TableStore(TableSerdes<K, V> serdes) : serdes_(std::move(serdes)) {}

    void open(TaskContext& context, const Node& node, const std::string& name) {
        versions_ = dynamic_cast<VersionedBytesStore*>(&context.store(node, name));
        if (versions_ == nullptr) {
            store_ = &open_store<KeyValueBytesStore>(context, node, name);
        }
    }

    bool has_versions() const noexcept { return versions_ != nullptr; }

    StateStore& bytes() const noexcept {
        return versions_ != nullptr ? static_cast<StateStore&>(*versions_) : *store_;
    }

    /// The key of the following calls; must outlive them.
    void seek(const K& key) { key_ = serdes_.key.bytes_of(key, key_bytes_); }

    /// The value of the key, in this object's memory until the next get(); null: none.
    Found<V> get() {
        if (versions_ != nullptr) {
            return found_version(versions_->get(key_));
        }
        const NullableBytes bytes = store_->get(key_);
        if (!bytes) {
            return {};
        }
        const Timestamp timestamp = read_timestamped(serdes_.value, *bytes, value_);
        return {&value_, timestamp};
    }

    /// The value valid at `as_of`; otherwise like get(). Requires has_versions().
    Found<V> get_as_of(Timestamp as_of) { return found_version(versions_->get(key_, as_of)); }

    /// The result of get(), to be moved from.
    V& found() noexcept { return value_; }

    /// Null deletes the key.
    PutResult put(const V* value, Timestamp timestamp) {
        if (versions_ != nullptr) {
            return put_version(value, timestamp);
        }
        if (value == nullptr) {
            store_->put(key_, std::nullopt);
        } else {
            write_timestamped(serdes_.value, *value, timestamp, value_bytes_);
            store_->put(key_, BytesView(value_bytes_));
        }
        return PutResult::kLatest;
    }

    const TableSerdes<K, V>& serdes() const noexcept { return serdes_; }

  private:
    Found<V> found_version(const std::optional<VersionedBytes>& version) {
        if (!version) {
            return {};
        }
        serdes_.value.deserialize(version->value, value_);
        return {&value_, version->timestamp};
    }

    PutResult put_version(const V* value, Timestamp timestamp) {
        NullableBytes bytes;
        if (value != nullptr) {
            value_bytes_.clear();
            serdes_.value.serialize(*value, value_bytes_);
            bytes = value_bytes_;
        }
        const VersionPut put = versions_->put(key_, bytes, timestamp);
        return !put.stored     ? PutResult::kDropped
               : !put.valid_to ? PutResult::kLatest
                               : PutResult::kOutOfOrder;
    }

    TableSerdes<K, V> serdes_;
    KeyValueBytesStore* store_ = nullptr;  // One of the two.
    VersionedBytesStore* versions_ = nullptr;
    BytesView key_;
    Bytes key_bytes_;
    Bytes value_bytes_;
    V value_{};
};

/// The key of a store whose values have no timestamp, because the key determines it.
template <class ReadKey, class K>
concept ReadsTimeOfKey = requires(const ReadKey& read, const K& key) {
    { read.time_of(key) } -> std::same_as<Timestamp>;
};

/// Forwards a stored table's changes: at once, or, if the store has a cache, when the cache flushes
/// them. K is the key for the children; ReadKey creates it from the cache's bytes.
template <class K, class V, class ReadKey>
class ChangeForwarder final : private FlushListener {
  public:
    ChangeForwarder(ReadKey read_key, SerdeOf<V> value_serde)
        : read_key_(std::move(read_key)), value_serde_(std::move(value_serde)) {}

    void open(TaskContext& context, const Node& node, const Output<K, Change<V>>& output,
              StateStore& store, bool send_old_values) {
        context_ = &context;
        node_ = &node;
        output_ = &output;
        send_old_values_ = send_old_values;
        cached_ = set_flush_listener(store, this, send_old_values);
    }

    bool cached() const noexcept { return cached_; }

    /// No effect if the cache will forward the change.
    void forward(const K& key, const V* new_value, const V* old_value, bool is_latest,
                 Timestamp timestamp, const Headers& headers) const {
        if (cached_) {
            return;
        }
        const Change<V> change{new_value, send_old_values_ ? old_value : nullptr, is_latest};
        output_->forward(*context_, {key, change, timestamp, headers});
    }

  private:
    void on_flush(BytesView key, const NullableBytes& new_value, const NullableBytes& old_value,
                  const RecordContext& written_by) override {
        no_headers_.clear();
        read_key_(key, key_);
        Change<V> change;
        Timestamp timestamp = written_by.timestamp;
        if constexpr (ReadsTimeOfKey<ReadKey, K>) {
            timestamp = read_key_.time_of(key_);
        }
        if (new_value) {
            const Timestamp stored = read(*new_value, new_value_);
            timestamp = ReadsTimeOfKey<ReadKey, K> ? timestamp : stored;
            change.new_value = &new_value_;
        }
        if (old_value && send_old_values_) {
            read(*old_value, old_value_);
            change.old_value = &old_value_;
        }
        const RecordContext current = std::exchange(context_->record(), written_by);
        const Headers& headers = written_by.headers != nullptr ? *written_by.headers : no_headers_;
        output_->forward(*context_, {key_, change, timestamp, headers});
        context_->record() = current;
    }

    Timestamp read(BytesView bytes, V& out) const {
        if constexpr (ReadsTimeOfKey<ReadKey, K>) {
            value_serde_.deserialize(bytes, out);
            return kNoTimestamp;
        } else {
            return read_timestamped(value_serde_, bytes, out);
        }
    }

    ReadKey read_key_;
    SerdeOf<V> value_serde_;
    TaskContext* context_ = nullptr;
    const Node* node_ = nullptr;
    const Output<K, Change<V>>* output_ = nullptr;
    bool send_old_values_ = false;
    bool cached_ = false;
    Headers no_headers_;
    K key_{};
    V new_value_{};
    V old_value_{};
};

/// Reads the key of a key-value store.
template <class K>
struct PlainKeyReader {
    SerdeOf<K> serde{};
    void operator()(BytesView bytes, K& out) const { serde.deserialize(bytes, out); }
};

/// A table store whose changes are forwarded to the children of a node.
template <class K, class V>
class StoredTable {
  public:
    StoredTable(std::string store, TableSerdes<K, V> serdes)
        : name_(std::move(store)), table_(serdes), forwarder_({serdes.key}, serdes.value) {}

    void open(TaskContext& context, const Node& node, const Output<K, Change<V>>& output,
              bool send_old_values) {
        table_.open(context, node, name_);
        forwarder_.open(context, node, output, table_.bytes(), send_old_values);
    }

    TableStore<K, V>& table() noexcept { return table_; }

    /// Stores the value of the current key and forwards the change, unless the store dropped it.
    template <class KIn, class VIn>
    void put(const Record<KIn, VIn>& cause, const K& key, const V* new_value, const V* old_value,
             Timestamp timestamp) {
        const PutResult result = table_.put(new_value, timestamp);
        if (result != PutResult::kDropped) {
            forwarder_.forward(key, new_value, old_value, result == PutResult::kLatest, timestamp,
                               cause.headers);
        }
    }

  private:
    std::string name_;
    TableStore<K, V> table_;
    ChangeForwarder<K, V, PlainKeyReader<K>> forwarder_;
};

/// Looks up a stored table.
template <class K, class V>
class StoreGetter final : public ValueGetter<K, V> {
  public:
    StoreGetter(std::string store, TableSerdes<K, V> serdes)
        : name_(std::move(store)), table_(std::move(serdes)) {}

    void init(TaskContext& context, const Node& user) override {
        table_.open(context, user, name_);
    }
    Found<V> get(const K& key) override {
        table_.seek(key);
        return table_.get();
    }
    Found<V> get_as_of(const K& key, Timestamp as_of) override {
        table_.seek(key);
        return table_.get_as_of(as_of);
    }
    bool has_versions() const override { return table_.has_versions(); }

  private:
    std::string name_;
    TableStore<K, V> table_;
};

template <class K, class V>
TableView<K, V> view_of_store(const std::string& store, const TableSerdes<K, V>& serdes) {
    return {{store}, [store, serdes] {
                return std::unique_ptr<ValueGetter<K, V>>(new StoreGetter<K, V>(store, serdes));
            }};
}

/// A table whose node has a store, or gets one if it is needed.
template <class K, class V>
class StoredOrigin final : public TableOrigin<K, V> {
  public:
    StoredOrigin(std::shared_ptr<TableState> state, TableSerdes<K, V> serdes)
        : state_(std::move(state)), serdes_(std::move(serdes)) {}

    bool send_old_values(bool force) override {
        if (!state_->materialized && !force) {
            return false;
        }
        state_->materialized = true;
        state_->send_old_values = true;
        return true;
    }
    TableView<K, V> view() override {
        state_->materialized = true;
        return view_of_store<K, V>(state_->store, serdes_);
    }

  private:
    std::shared_ptr<TableState> state_;
    TableSerdes<K, V> serdes_;
};

}  // namespace millrace::detail
