// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/record.hpp"
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/processor/made_by.hpp"
#include "millrace/processor/processor_context.hpp"

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace millrace {

/// A user-defined step of a topology: receives Record<KIn, VIn>, forwards Record<KOut, VOut>. Has
/// the semantics of Kafka Streams' Processor.
///
/// One object for each task, used by the thread that runs it. Exceptions of process() are passed to
/// the processing exception handler.
template <class KIn, class VIn, class KOut = NoKey, class VOut = NoKey>
class Processor {
  public:
    using KeyIn = KIn;
    using ValueIn = VIn;
    using KeyOut = KOut;
    using ValueOut = VOut;
    using Context = ProcessorContext<KOut, VOut>;

    Processor() = default;
    Processor(const Processor&) = delete;
    Processor& operator=(const Processor&) = delete;
    virtual ~Processor() = default;

    /// Called once, before the first record; stores are ready. `context` lives as long as this
    /// object.
    virtual void init(Context& context) { static_cast<void>(context); }

    virtual void process(const Record<KIn, VIn>& record) = 0;

    /// Called once, at the end of the task; nothing can be forwarded any more.
    virtual void close() {}

    /// The context, from the call of init on.
    Context& context() const noexcept { return *context_; }

  private:
    friend detail::Access;

    Context* context_ = nullptr;
};

/// A processor that cannot change keys, so no repartition topic is needed downstream. Has the
/// semantics of Kafka Streams' FixedKeyProcessor.
template <class K, class VIn, class VOut = NoKey>
class FixedKeyProcessor {
  public:
    using KeyIn = K;
    using ValueIn = VIn;
    using KeyOut = K;
    using ValueOut = VOut;
    using Context = FixedKeyProcessorContext<K, VOut>;

    FixedKeyProcessor() = default;
    FixedKeyProcessor(const FixedKeyProcessor&) = delete;
    FixedKeyProcessor& operator=(const FixedKeyProcessor&) = delete;
    virtual ~FixedKeyProcessor() = default;

    /// See Processor.
    virtual void init(Context& context) { static_cast<void>(context); }
    virtual void process(const FixedKeyRecord<K, VIn>& record) = 0;
    virtual void close() {}
    Context& context() const noexcept { return *context_; }

  private:
    friend detail::Access;

    Context* context_ = nullptr;
};

/// A function that creates a new processor of records K, V for each task: returns a std::unique_ptr
/// to a class derived from Processor<K, V, ...>.
template <class F, class K, class V>
concept ProcessorSupplier =
    std::copy_constructible<F> && std::invocable<F&> &&
    requires {
        typename detail::MadeBy<F>::KeyOut;
        typename detail::MadeBy<F>::ValueOut;
    } &&
    std::derived_from<detail::MadeBy<F>, Processor<K, V, typename detail::MadeBy<F>::KeyOut,
                                                   typename detail::MadeBy<F>::ValueOut>>;

/// The same for processors that do not change keys.
template <class F, class K, class V>
concept FixedKeyProcessorSupplier =
    std::copy_constructible<F> && std::invocable<F&> &&
    requires { typename detail::MadeBy<F>::ValueOut; } &&
    std::derived_from<detail::MadeBy<F>,
                      FixedKeyProcessor<K, V, typename detail::MadeBy<F>::ValueOut>>;

}  // namespace millrace
