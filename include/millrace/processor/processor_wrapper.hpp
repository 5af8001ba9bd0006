// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/headers.hpp"
#include "millrace/core/record.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/core/erased_value.hpp"
#include "millrace/processor/processor_context.hpp"
#include "millrace/state/store_declaration.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <typeinfo>
#include <vector>

namespace millrace {

/// A record of any types, as a wrapped processor receives or forwards it. A view, like Record.
///
/// Types are requested without their null: the value of a KStream<K, std::optional<V>> is a V that
/// may be missing. For a table's change, the value is the new one. Records that the library sends
/// between its own nodes (foreign-key joins) have unnamed types.
class AnyRecord {
  public:
    template <class K, class V>
    AnyRecord(const Record<K, V>& record)  // NOLINT(google-explicit-constructor)
        : key_(detail::ErasureOf<K>::of(record.key)),
          value_(detail::ErasureOf<V>::of(record.value)),
          timestamp_(record.timestamp),
          headers_(&record.headers) {}

    template <class K>
    bool has_key_type() const noexcept {
        return key_.plain_type == typeid(K);
    }
    template <class V>
    bool has_value_type() const noexcept {
        return value_.plain_type == typeid(V);
    }

    /// Null: it is of another type, or there is none.
    template <class K>
    const K* key() const noexcept {
        return has_key_type<K>() ? static_cast<const K*>(key_.plain) : nullptr;
    }
    template <class V>
    const V* value() const noexcept {
        return has_value_type<V>() ? static_cast<const V*>(value_.plain) : nullptr;
    }

    /// The old value of a table's change. Also null if nothing downstream of the table needs it.
    template <class V>
    const V* old_value() const noexcept {
        return has_value_type<V>() ? static_cast<const V*>(value_.old_plain) : nullptr;
    }

    Timestamp timestamp() const noexcept { return timestamp_; }
    const Headers& headers() const noexcept { return *headers_; }

    AnyRecord with_timestamp(Timestamp other) const {
        AnyRecord record = *this;
        record.timestamp_ = other;
        return record;
    }

    /// The view refers to `other`.
    AnyRecord with_headers(const Headers& other) const {
        AnyRecord record = *this;
        record.headers_ = &other;
        return record;
    }
    AnyRecord with_headers(Headers&&) const = delete;  // Keep the headers in a variable.

    /// This record with another value of the same type: with its null, if it has one. The view
    /// refers to `other`. Throws Error with kInvalidArgument if the type differs.
    template <class V>
    AnyRecord with_value(const V& other) const {
        if (value_.type != typeid(V)) {
            detail::refuse_type("value", value_.type, typeid(V));
        }
        AnyRecord record = *this;
        record.value_ = detail::ErasureOf<V>::of(other);
        return record;
    }
    template <class V>
        requires(!std::is_lvalue_reference_v<V>)
    AnyRecord with_value(V&&) const = delete;  // Keep the value in a variable.

    /// The record itself. Throws Error with kInvalidArgument if a type differs, including its null.
    template <class K, class V>
    Record<K, V> typed() const {
        if (key_.type != typeid(K)) {
            detail::refuse_type("key", key_.type, typeid(K));
        }
        if (value_.type != typeid(V)) {
            detail::refuse_type("value", value_.type, typeid(V));
        }
        return {*static_cast<const K*>(key_.value), *static_cast<const V*>(value_.value),
                timestamp_, *headers_};
    }

  private:
    detail::ErasedValue key_;
    detail::ErasedValue value_;
    Timestamp timestamp_;
    const Headers* headers_;
};

/// The processor inside a WrappedProcessor. Used by the task's thread only.
class InnerProcessor {
  public:
    virtual const std::string& name() const = 0;

    virtual void init() = 0;

    /// Calls the processor with `record`: the current one, one derived from it, or another of the
    /// same types. Exceptions of the processor are rethrown; the processing exception handler gets
    /// the exceptions that leave the wrapper. Throws Error with kInvalidArgument if the types
    /// differ, or init was not called.
    virtual void process(const AnyRecord& record) = 0;

    /// Sends `record` to the processor's children, or to the one of that name, without calling the
    /// wrapper. Throws Error with kInvalidArgument if the types differ, ProcessingError if its time
    /// is negative, TopologyError if there is no such child.
    virtual void forward(const AnyRecord& record, std::string_view child = {}) = 0;

    /// No effect if the processor was never initialised.
    virtual void close() = 0;

  protected:
    ~InnerProcessor() = default;
};

/// Runs around a processor. By default each function calls the inner processor; an override that
/// does not call it replaces what the inner processor does.
///
/// One object for each task, used by the thread that runs it. Exceptions of process() are passed to
/// the processing exception handler, as if the inner processor had thrown them.
class WrappedProcessor {
  public:
    WrappedProcessor() = default;
    WrappedProcessor(const WrappedProcessor&) = delete;
    WrappedProcessor& operator=(const WrappedProcessor&) = delete;
    virtual ~WrappedProcessor() = default;

    /// Called once, before the first record; stores are ready.
    virtual void init() { inner().init(); }

    virtual void process(const AnyRecord& record) { inner().process(record); }

    /// Called for every record that the inner processor forwards, in process() or at another time:
    /// from punctuators, from caches. `child` is empty for all children. context() refers to the
    /// record that is being forwarded.
    virtual void forward(const AnyRecord& record, std::string_view child) {
        inner().forward(record, child);
    }

    /// Called once, at the end of the task; nothing can be forwarded any more.
    virtual void close() { inner().close(); }

    /// The inner processor, after init was called.
    InnerProcessor& inner() const noexcept { return *inner_; }

    /// The processor's own context, after init was called: its stores and those the wrapper added,
    /// punctuations, headers of the current record. Both live as long as this object.
    ProcessingContext& context() const noexcept { return *context_; }

  private:
    friend detail::Access;

    InnerProcessor* inner_ = nullptr;
    ProcessingContext* context_ = nullptr;
};

/// A wrapper of one processor.
struct WrappedProcessorSupplier {
    /// Creates the object that runs around the processor, for each task. Empty: the processor is
    /// not wrapped and has no overhead. Called from several threads.
    std::function<std::unique_ptr<WrappedProcessor>()> make{};

    /// Additional stores for the processor. A store with the same name that the wrapper adds to
    /// several processors is one store, so these processors are in one sub-topology; it must be
    /// declared identically each time, and no other store may have that name.
    std::vector<StoreDeclaration> stores{};
};

/// Called once with the name of each processor when it is added to the topology: all those of the
/// DSL and of the Processor API, but not sources, sinks and the processors that fill global and
/// read-only stores. Has the semantics of Kafka Streams' ProcessorWrapper (KIP-1112); set it in
/// TopologyOptions or pass it to TopologyBuilder.
///
///     options.processor_wrapper = [](const std::string& name) -> WrappedProcessorSupplier {
///         return {.make = [name] { return std::make_unique<Timed>(name); }};
///     };
using ProcessorWrapper = std::function<WrappedProcessorSupplier(const std::string& processor)>;

}  // namespace millrace
