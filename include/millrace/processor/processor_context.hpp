// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/core/record.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/state/store_hooks.hpp"
#include "millrace/detail/state/store_use.hpp"
#include "millrace/detail/state/stored_headers.hpp"
#include "millrace/processor/fixed_key_record.hpp"
#include "millrace/processor/punctuation.hpp"
#include "millrace/processor/record_metadata.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/value_timestamp_headers.hpp"

#include <chrono>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millrace {

/// A processor's interface to the task that runs it. Has the semantics of Kafka Streams'
/// ProcessingContext. Lives as long as the processor; used by the task's thread only.
class ProcessingContext {
  public:
    ProcessingContext() = default;
    ProcessingContext(const ProcessingContext&) = delete;
    ProcessingContext& operator=(const ProcessingContext&) = delete;
    virtual ~ProcessingContext() = default;

    virtual const std::string& application_id() const = 0;
    virtual TaskId task_id() const = 0;

    /// The value of a setting by name, or an empty string.
    virtual std::string setting(std::string_view name) const = 0;

    /// The topic, partition and offset of the current record; no topic in punctuators.
    virtual RecordMetadata record_metadata() const = 0;

    /// Largest timestamp of any record that this task has processed; kNoTimestamp before the first.
    virtual Timestamp stream_time() const = 0;

    /// Wall-clock time, read once for a batch of records.
    virtual Timestamp wall_clock() const = 0;

    /// Adds to the headers of the current record itself: all nodes that share it see them. To
    /// change headers only for forwarded records, forward a record with other headers.
    virtual void add_header(std::string key, NullableOwnedBytes value) = 0;

    /// A store that this processor is connected to, or a global one, which is read-only. `Store` is
    /// a typed store such as KeyValueStore<K, V>; it uses `serdes`, otherwise those of the store's
    /// declaration. Tables of the DSL are TimestampedKeyValueStore<K, V>. Throws TopologyError if
    /// there is no store of that name, or if it has another kind, other types or no serdes; with
    /// `serdes`, types are not compared.
    template <class Store, class... Serdes>
    Store store(const std::string& name, Serdes... serdes) {
        using BytesStore = std::conditional_t<
            std::constructible_from<Store, KeyValueBytesStore&, Serdes...>, KeyValueBytesStore,
            std::conditional_t<
                std::constructible_from<Store, SessionBytesStore&, Serdes...>, SessionBytesStore,
                std::conditional_t<std::constructible_from<Store, VersionedBytesStore&, Serdes...>,
                                   VersionedBytesStore, WindowBytesStore>>>;
        constexpr bool kOwnSerdes = sizeof...(Serdes) != 0;
        const detail::StoreUse use = detail::store_use<Store, BytesStore>(kOwnSerdes);
        StateStore& found = state_store(name);
        auto* bytes = dynamic_cast<BytesStore*>(&found);
        if (bytes == nullptr) {
            detail::refuse_store(found, use);
        }
        detail::check_store(found, use);
        if constexpr (detail::kKeepsHeaders<typename Store::Value>) {
            bytes = detail::with_headers(*bytes);
            if (bytes == nullptr) {
                throw TopologyError("store " + name + " does not store headers");
            }
        }
        if constexpr (!kOwnSerdes && detail::kTakesSerdes<Store, BytesStore>) {
            auto [key_serde, value_serde] = detail::serdes_of<Store>(found);
            return Store(*bytes, std::move(key_serde), std::move(value_serde));
        } else {
            return Store(*bytes, std::move(serdes)...);
        }
    }

    /// The same below the serdes.
    virtual StateStore& state_store(const std::string& name) = 0;

    /// Calls `punctuator` periodically, between records. Throws std::invalid_argument on an
    /// interval below 1 ms.
    virtual Cancellable schedule(const PunctuationSchedule& schedule, Punctuator punctuator) = 0;

    /// Requests a commit soon.
    virtual void request_commit() = 0;
};

/// The context of a processor that forwards Record<K, V>. Has the semantics of Kafka Streams'
/// ProcessorContext.
template <class K, class V>
class ProcessorContext : public ProcessingContext {
  public:
    /// Sends `record` to all children, depth first in the order in which they were added, before it
    /// returns. Throws ProcessingError if the record's time is negative.
    virtual void forward(const Record<K, V>& record) = 0;

    /// Sends `record` to the child of that name only. Throws TopologyError if there is none.
    virtual void forward(const Record<K, V>& record, std::string_view child) = 0;

    /// The same with records that own some of their parts.
    template <class KPart, class VPart, class HPart>
    void forward(const detail::HeldRecord<KPart, VPart, HPart>& record) {
        forward(record.view());
    }
    template <class KPart, class VPart, class HPart>
    void forward(const detail::HeldRecord<KPart, VPart, HPart>& record, std::string_view child) {
        forward(record.view(), child);
    }
};

/// The context of a processor that does not change keys. Has the semantics of Kafka Streams'
/// FixedKeyProcessorContext.
template <class K, class V>
class FixedKeyProcessorContext : public ProcessingContext {
  public:
    /// See ProcessorContext::forward.
    virtual void forward(const FixedKeyRecord<K, V>& record) = 0;
    virtual void forward(const FixedKeyRecord<K, V>& record, std::string_view child) = 0;

    /// The same with records that own some of their parts.
    template <class KPart, class VPart, class HPart>
    void forward(const detail::HeldFixedKeyRecord<KPart, VPart, HPart>& record) {
        forward(record.view());
    }
    template <class KPart, class VPart, class HPart>
    void forward(const detail::HeldFixedKeyRecord<KPart, VPart, HPart>& record,
                 std::string_view child) {
        forward(record.view(), child);
    }
};

}  // namespace millrace
