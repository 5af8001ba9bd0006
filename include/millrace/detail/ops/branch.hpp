// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/node.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::detail {

/// A branch of a split. The default branch has no predicate and is the last.
template <class K, class V>
struct BranchSpec {
    std::string child;
    std::function<bool(const K&, const V&)> predicate{};
};

/// Sends each record to the child of the first matching branch, or to none.
template <class K, class V>
class BranchNode final : public TypedNode<K, V, K, V> {
  public:
    /// Copies the predicates: each task has its own.
    BranchNode(std::string name, const std::shared_ptr<std::vector<BranchSpec<K, V>>>& branches)
        : TypedNode<K, V, K, V>(std::move(name)), branches_(*branches) {}

    void process(const Record<K, V>& record) override {
        for (const BranchSpec<K, V>& branch : branches_) {
            if (!branch.predicate || branch.predicate(record.key, record.value)) {
                this->output().forward_to(this->context(), branch.child, record);
                return;
            }
        }
    }

  private:
    std::vector<BranchSpec<K, V>> branches_;
};

}  // namespace millrace::detail
