// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/dsl/dsl_graph.hpp"
#include "millrace/detail/ops/branch.hpp"
#include "millrace/dsl/callables.hpp"
#include "millrace/dsl/fwd.hpp"
#include "millrace/dsl/options.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// How to handle one branch of a split stream; at most one of the two functions. Has the semantics
/// of Kafka Streams' Branched.
template <class K, class V>
struct Branched {
    std::string name{};  ///< Appended to the split's name; otherwise a number.
    /// Called with the branch, which then has no entry in the result.
    std::function<void(KStream<K, V>)> consumer{};
    std::function<KStream<K, V>(KStream<K, V>)> function{};  ///< Its result is the entry.
};

/// A stream while it is split. Each record is sent to the first branch whose predicate is true,
/// otherwise to the branch of otherwise(), otherwise dropped. Has the semantics of Kafka Streams'
/// BranchedKStream.
template <class K, class V>
class BranchedKStream {
  public:
    /// By name: the split's name followed by the branch's name, or by its number, from 1; 0 is
    /// otherwise().
    using Branches = std::map<std::string, KStream<K, V>>;

    BranchedKStream(detail::StreamCore<K, V> source, const Named& options);

    template <RecordPredicate<K, V> F>
    BranchedKStream& branch(F wants, Branched<K, V> options = {});

    /// Receives the records that match no branch, and ends the split.
    Branches otherwise(Branched<K, V> options = {});

    /// Ends the split; records that match no branch are dropped.
    Branches no_default_branch() const { return branches_; }

  private:
    void add_branch(const Branched<K, V>& options, std::size_t number,
                    std::function<bool(const K&, const V&)> predicate);

    detail::StreamCore<K, V> source_;
    detail::LogicalNode* splitter_;
    std::shared_ptr<std::vector<detail::BranchSpec<K, V>>> specs_;
    std::size_t count_ = 0;
    Branches branches_;
};

}  // namespace millrace

#include "millrace/detail/dsl/bodies.hpp"
