// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "millrace/dsl/streams_builder.hpp"

#include <string>
#include <utility>

namespace millrace::detail {
namespace {

void check_store(const StoreSpec& store, const JoinWindows& windows) {
    if (!store.retain_duplicates) {
        throw TopologyError("join store " + store.name + " must retain duplicates");
    }
    if (store.retention != windows.retention() || store.window_size != windows.size()) {
        throw TopologyError("join store " + store.name + " must have windows of " +
                            std::to_string(windows.size().count()) + " ms and keep them for " +
                            std::to_string(windows.retention().count()) + " ms; it has " +
                            std::to_string(store.window_size.count()) + " ms and " +
                            std::to_string(store.retention.count()) + " ms");
    }
}

StoreSpec window_store(const StreamJoinOptions& options, const std::optional<StoreSpec>& given,
                       const std::string& name, const JoinWindows& windows) {
    StoreSpec store;
    if (given) {
        check_store(*given, windows);
        store = *given;
    } else {
        store.name = name + "-store";
        store.engine = options.engine;
        store.retention = windows.retention();
        store.window_size = windows.size();
        store.retain_duplicates = true;
        store.changelog_config = options.changelog_config;
        store.changelog_config["cleanup.policy"] = "delete";
    }
    store.kind = StoreKind::kWindow;
    store.caching = false;
    store.logging = options.logging;
    store.headers = StoredHeaders::kOfRecordIfAsked;
    return store;
}

std::string unmatched_name(const StreamJoinOptions& options, bool is_outer,
                           const std::string& this_generated) {
    const std::string suffix = is_outer ? "-outer-shared-join" : "-left-shared-join";
    if (options.this_store) {
        return options.this_store->name + suffix;
    }
    if (!options.store.empty()) {
        return options.store + suffix;
    }
    constexpr std::size_t kDigits = 10;
    return "KSTREAM-OUTERSHARED-" + this_generated.substr(this_generated.size() - kDigits);
}

}  // namespace

std::pair<StreamJoinNames, StreamJoinStores> stream_join_parts(LogicalGraph& graph, JoinType type,
                                                               const StreamJoinOptions& options,
                                                               const JoinWindows& windows) {
    const bool keeps_left = type != JoinType::kInner;
    const bool keeps_right = type == JoinType::kOuter;
    const std::string this_suffix = keeps_right ? "-outer-this-join" : "-this-join";
    const std::string other_suffix = keeps_left ? "-outer-other-join" : "-other-join";
    if (options.this_store && options.other_store &&
        options.this_store->name == options.other_store->name) {
        throw TopologyError("the two stores of a join need different names; both are " +
                            options.this_store->name);
    }
    StreamJoinNames names;
    names.this_window = graph.suffixed_or_new(options.name, "-this-windowed", "KSTREAM-WINDOWED-");
    names.other_window =
        graph.suffixed_or_new(options.name, "-other-windowed", "KSTREAM-WINDOWED-");
    const std::string this_generated =
        graph.new_name(keeps_right ? "KSTREAM-OUTERTHIS-" : "KSTREAM-JOINTHIS-");
    const std::string other_generated =
        graph.new_name(keeps_left ? "KSTREAM-OUTEROTHER-" : "KSTREAM-JOINOTHER-");
    names.this_join = options.name.empty() ? this_generated : options.name + this_suffix;
    names.other_join = options.name.empty() ? other_generated : options.name + other_suffix;
    names.merge = graph.suffixed_or_new(options.name, "-merge", "KSTREAM-MERGE-");

    StreamJoinStores stores;
    const bool is_named = !options.store.empty();
    stores.names_are_generated = !is_named && !options.this_store;
    stores.this_store =
        window_store(options, options.this_store,
                     is_named ? options.store + this_suffix : this_generated, windows);
    stores.other_store =
        window_store(options, options.other_store,
                     is_named ? options.store + other_suffix : other_generated, windows);
    if (keeps_left && !windows.is_unmatched_at_once()) {
        StoreSpec unmatched;
        unmatched.name = unmatched_name(options, keeps_right, this_generated) + "-store";
        unmatched.engine = options.this_store ? options.this_store->engine : options.engine;
        unmatched.logging = options.logging;
        unmatched.changelog_config = options.changelog_config;
        stores.unmatched = std::move(unmatched);
    }
    return {std::move(names), std::move(stores)};
}

void add_stores(LogicalNode& node, const StreamJoinNames& names, const StreamJoinStores& stores) {
    const auto add = [&](const StoreSpec& spec, std::vector<std::string> users) {
        LogicalStore store{spec, std::move(users)};
        store.name_is_generated = stores.names_are_generated;
        node.stores.push_back(std::move(store));
    };
    add(stores.this_store, {names.this_window, names.other_join});
    add(stores.other_store, {names.other_window, names.this_join});
    if (stores.unmatched) {
        add(*stores.unmatched, {names.this_join, names.other_join});
    }
}

}  // namespace millrace::detail
