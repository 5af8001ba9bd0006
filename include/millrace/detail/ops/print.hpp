// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/node.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::detail {

/// Writes each record as a line of text; the stream ends here.
template <class K, class V>
class PrintNode final : public TypedNode<K, V, K, V> {
  public:
    PrintNode(std::string name, std::string label,
              std::function<std::string(const K&, const V&)> text,
              std::function<void(std::string_view)> write)
        : TypedNode<K, V, K, V>(std::move(name)),
          label_(std::move(label)),
          text_(std::move(text)),
          write_(std::move(write)) {}

    void process(const Record<K, V>& record) override {
        write_("[" + label_ + "]: " + text_(record.key, record.value));
    }

  private:
    std::string label_;
    std::function<std::string(const K&, const V&)> text_;
    std::function<void(std::string_view)> write_;
};

}  // namespace millrace::detail
