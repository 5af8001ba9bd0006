// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/callable.hpp"
#include "millrace/detail/nodes/node.hpp"

#include <string>
#include <utility>
#include <vector>

namespace millrace::detail {

template <class K, class V, class F>
class FilterNode final : public TypedNode<K, V, K, V> {
  public:
    FilterNode(std::string name, F predicate, OnMatch on_match)
        : TypedNode<K, V, K, V>(std::move(name)),
          predicate_(std::move(predicate)),
          wanted_(on_match == OnMatch::kKeep) {}

    void process(const Record<K, V>& record) override {
        if (static_cast<bool>(call_with_record(predicate_, record.key, record.value)) == wanted_) {
            this->forward(record);
        }
    }

  private:
    F predicate_;
    bool wanted_;  // Records for which the predicate returns this are forwarded.
};

template <class K, class V, class VOut, class F>
class MapValuesNode final : public TypedNode<K, V, K, VOut> {
  public:
    MapValuesNode(std::string name, F map)
        : TypedNode<K, V, K, VOut>(std::move(name)), map_(std::move(map)) {}

    void process(const Record<K, V>& record) override {
        const VOut& value = call_with_record(map_, record.key, record.value);
        this->forward(record.with_value(value));
    }

  private:
    F map_;
};

template <class K, class V, class KOut, class VOut, class F>
class MapNode final : public TypedNode<K, V, KOut, VOut> {
  public:
    MapNode(std::string name, F map)
        : TypedNode<K, V, KOut, VOut>(std::move(name)), map_(std::move(map)) {}

    void process(const Record<K, V>& record) override {
        const auto& [key, value] = call_with_record(map_, record.key, record.value);
        this->forward({key, value, record.timestamp, record.headers});
    }

  private:
    F map_;
};

template <class K, class V, class VOut, class F>
class FlatMapValuesNode final : public TypedNode<K, V, K, VOut> {
  public:
    FlatMapValuesNode(std::string name, F split)
        : TypedNode<K, V, K, VOut>(std::move(name)), split_(std::move(split)) {}

    void process(const Record<K, V>& record) override {
        auto&& values = call_with_record(split_, record.key, record.value);
        for (const VOut& value : values) {
            this->forward(record.with_value(value));
        }
    }

  private:
    F split_;
};

template <class K, class V, class KOut, class VOut, class F>
class FlatMapNode final : public TypedNode<K, V, KOut, VOut> {
  public:
    FlatMapNode(std::string name, F split)
        : TypedNode<K, V, KOut, VOut>(std::move(name)), split_(std::move(split)) {}

    void process(const Record<K, V>& record) override {
        auto&& pairs = call_with_record(split_, record.key, record.value);
        for (const auto& [key, value] : pairs) {
            this->forward({key, value, record.timestamp, record.headers});
        }
    }

  private:
    F split_;
};

template <class K, class V, class KOut, class F>
class SelectKeyNode final : public TypedNode<K, V, KOut, V> {
  public:
    SelectKeyNode(std::string name, F select)
        : TypedNode<K, V, KOut, V>(std::move(name)), select_(std::move(select)) {}

    void process(const Record<K, V>& record) override {
        const KOut& key = call_with_record(select_, record.key, record.value);
        this->forward(record.with_key(key));
    }

  private:
    F select_;
};

template <class K, class V, class F>
class PeekNode final : public TypedNode<K, V, K, V> {
  public:
    PeekNode(std::string name, F action)
        : TypedNode<K, V, K, V>(std::move(name)), action_(std::move(action)) {}

    void process(const Record<K, V>& record) override {
        call_with_record(action_, record.key, record.value);
        this->forward(record);
    }

  private:
    F action_;
};

/// Forwards records unchanged: merges, branches and other nodes that only have a position in the
/// graph.
template <class K, class V>
class PassThroughNode final : public TypedNode<K, V, K, V> {
  public:
    using TypedNode<K, V, K, V>::TypedNode;

    void process(const Record<K, V>& record) override { this->forward(record); }
};

/// Before a repartition topic: a record without a key has no partition.
template <class K, class V>
class NonNullKeyNode final : public TypedNode<K, V, K, V> {
  public:
    using TypedNode<K, V, K, V>::TypedNode;

    void process(const Record<K, V>& record) override {
        if (plain_or_null(record.key) != nullptr) {
            this->forward(record);
        }
    }
};

}  // namespace millrace::detail
