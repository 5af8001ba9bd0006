// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace::detail {

/// The library's way to what handles of the DSL, processors and rows keep from their users.
class Access {
  public:
    template <class Handle>
    static const auto& core(const Handle& handle) noexcept {
        return handle.core_;
    }
    template <class Handle>
    static auto& graph(const Handle& handle) noexcept {
        return *handle.graph_;
    }
    template <class Handle>
    static const auto& view(const Handle& handle) noexcept {
        return handle.view_;
    }

    /// Gives a processor its context, before init.
    template <class Processor, class Context>
    static void bind(Processor& processor, Context& context) noexcept {
        processor.context_ = &context;
    }
    template <class Processor, class Inner, class Context>
    static void bind(Processor& processor, Inner& inner, Context& context) noexcept {
        processor.inner_ = &inner;
        processor.context_ = &context;
    }

    /// Fills in the members of a row other than its key and value.
    template <class BytesRows, class Row>
    static void read_place(const BytesRows& rows, Row& row) {
        Row::read_place(rows, row);
    }
};

}  // namespace millrace::detail
