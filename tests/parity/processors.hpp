// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "case.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace millrace::parity {

using StrRecord = Record<Str, Str>;
using StrContext = ProcessorContext<Str, Str>;

/// A processor of nullable strings as two functions: an optional one for init, and one for each
/// record.
class SimpleProcessor final : public Processor<Str, Str, Str, Str> {
  public:
    using Start = std::function<void(StrContext&)>;
    using Body = std::function<void(const StrRecord&, StrContext&)>;

    SimpleProcessor(Start start, Body body) : start_(std::move(start)), body_(std::move(body)) {}

    void init(StrContext& context) override {
        if (start_) {
            start_(context);
        }
    }
    void process(const StrRecord& record) override { body_(record, context()); }

  private:
    Start start_;
    Body body_;
};

/// A supplier of SimpleProcessors.
inline auto timed(SimpleProcessor::Start start, SimpleProcessor::Body body) {
    return [start, body] { return std::make_unique<SimpleProcessor>(start, body); };
}

inline auto simple(SimpleProcessor::Body body) {
    return timed({}, std::move(body));
}

inline void pass_on(const StrRecord& record, StrContext& context) {
    context.forward(record);
}

inline void ignore(const StrRecord&, StrContext&) {}

/// Forwards a record without headers.
inline void emit(StrContext& context, const Str& key, const Str& value, Timestamp time) {
    context.forward({key, value, time, Headers()});
}

/// As emit, with the record's headers.
inline void emit_value(StrContext& context, const StrRecord& record, const Str& value) {
    context.forward(record.with_value(value));
}

inline std::string digits(Timestamp time) {
    return std::to_string(milliseconds_of(time));
}

inline PunctuationSchedule every(std::int64_t interval, PunctuationType type) {
    return {.interval = std::chrono::milliseconds(interval), .type = type};
}

}  // namespace millrace::parity
