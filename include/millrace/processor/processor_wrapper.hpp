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

/// A record of whatever types, as a wrapped processor takes or forwards it. A view, like Record.
///
/// Types are asked for without their null: of a KStream<K, std::optional<V>> the value is a V that
/// may be missing. Of a table's change the value is the new one. What the library sends between
/// nodes of its own (foreign-key joins) has types without a name.
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

    /// Of a table's change: what was before. Null also when nothing below the table needs it.
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
    /// refers to `other`. Throws Error with kInvalidArgument when the type is another.
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

    /// The record itself. Throws Error with kInvalidArgument when a type is another; nulls count.
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

    /// Lets the processor process `record`: the one at hand, one made from it, or another of the
    /// same types. What the processor throws comes out; the processing exception handler sees what
    /// the wrapper lets out. Throws Error with kInvalidArgument when the types are others, or init
    /// was not called.
    virtual void process(const AnyRecord& record) = 0;

    /// Sends `record` to the processor's children, or to the one of that name, past the wrapper.
    /// Throws Error with kInvalidArgument when the types are others, ProcessingError when its time
    /// is negative, TopologyError when there is no such child.
    virtual void forward(const AnyRecord& record, std::string_view child = {}) = 0;

    /// Nothing, when the processor was never initialised.
    virtual void close() = 0;

  protected:
    ~InnerProcessor() = default;
};

/// What runs in a processor's place, with that processor inside. Each function here only goes on to
/// the inner processor; one that does not go on replaces what the inner processor does.
///
/// One object for each task, used by the thread that runs it. What process() throws goes to the
/// processing exception handler, as if the inner processor had thrown it.
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
    /// from punctuators, from caches. `child` is empty for all children. context() shows the record
    /// that is being forwarded.
    virtual void forward(const AnyRecord& record, std::string_view child) {
        inner().forward(record, child);
    }

    /// Called once, when the task ends; nothing can be forwarded any more.
    virtual void close() { inner().close(); }

    /// The processor inside, from the call of init on.
    InnerProcessor& inner() const noexcept { return *inner_; }

    /// The processor's own context, from the call of init on: its stores and those the wrapper
    /// added, punctuations, headers of the record at hand. Both live as long as this object.
    ProcessingContext& context() const noexcept { return *context_; }

  private:
    friend detail::Access;

    InnerProcessor* inner_ = nullptr;
    ProcessingContext* context_ = nullptr;
};

/// What a ProcessorWrapper does to one processor.
struct WrappedProcessorSupplier {
    /// Makes what runs around the processor, for each task. Nothing: the processor runs as it is,
    /// at no cost. Called from several threads.
    std::function<std::unique_ptr<WrappedProcessor>()> make{};

    /// Stores that the processor gets besides its own. One of the same name that the wrapper gives
    /// to several processors is one store, so those processors are in one sub-topology; it must be
    /// declared the same each time, and nobody else may have one of that name.
    std::vector<StoreDeclaration> stores{};
};

/// Called once with the name of each processor when it is built into the topology: all those of the
/// DSL and of the Processor API, but not sources, sinks and the processors that fill global and
/// read-only stores. Has the semantics of Kafka Streams' ProcessorWrapper (KIP-1112); given in
/// TopologyOptions or to TopologyBuilder.
///
///     options.processor_wrapper = [](const std::string& name) -> WrappedProcessorSupplier {
///         return {.make = [name] { return std::make_unique<Timed>(name); }};
///     };
using ProcessorWrapper = std::function<WrappedProcessorSupplier(const std::string& processor)>;

}  // namespace millrace
