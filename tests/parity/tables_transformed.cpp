// SPDX-License-Identifier: Apache-2.0

// Tables with transform_values, as in the recorder's Tables.java.
#include "joiners.hpp"
#include "millrace/state/stores.hpp"
#include "scenario.hpp"

#include <memory>

namespace millrace::parity {
namespace {

using Transformer = ValueTransformer<std::string, std::string, std::string>;

/// Appends to the value how often this transformer was called before.
class Counting final : public Transformer {
  public:
    Str transform(const std::string& key, const std::string* value) override {
        return value == nullptr ? std::nullopt : Str(key + *value + "#" + std::to_string(calls_++));
    }

  private:
    std::int64_t calls_ = 0;
};

class Doubling final : public Transformer {
  public:
    Str transform(const std::string& key, const std::string* value) override {
        return value == nullptr ? "gone " + key : *value + *value;
    }
};

/// Appends the number of updates of the key, kept in a store.
class Updates final : public Transformer {
  public:
    using Store = KeyValueStore<std::string, std::int64_t>;

    void init(ProcessingContext& context) override {
        store_.emplace(context.store<Store>("updates"));
    }

    Str transform(const std::string& key, const std::string* value) override {
        const std::int64_t n = store_->get(key).value_or(0) + 1;
        store_->put(key, n);
        return value == nullptr ? std::nullopt : Str(*value + "#" + std::to_string(n));
    }

  private:
    std::optional<Store> store_;
};

template <class T>
const auto make = [] { return std::make_unique<T>(); };

Topology transform_values(Case& c) {
    c.table("in").transform_values(make<Counting>, {.store = "transformed"}).to_stream().to("out");
    return c.build();
}

Topology transform_values_plain(Case& c) {
    c.table("in").transform_values(make<Doubling>).to_stream().to("out");
    return c.build();
}

Topology transform_values_store(Case& c) {
    c.b.add_state_store(stores::key_value_store<std::string, std::int64_t>(
        stores::persistent_key_value_store("updates")));
    c.table("in")
        .transform_values(make<Updates>, {.store = "transformed"}, {"updates"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology transform_values_joined(Case& c) {
    const auto transformed = c.table("in").transform_values(make<Counting>);
    transformed.left_join(c.table("other"), Plus()).to_stream().to("out");
    return c.build();
}

}  // namespace

Scenarios tables_transformed() {
    return {{"tables-transform-values", transform_values},
            {"tables-transform-values-plain", transform_values_plain},
            {"tables-transform-values-store", transform_values_store},
            {"tables-transform-values-joined", transform_values_joined}};
}

}  // namespace millrace::parity
