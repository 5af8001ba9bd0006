// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/stores.hpp"
#include "processors.hpp"
#include "scenario.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::parity {

using Words = std::vector<std::string>;

/// The words of a line, separated by single spaces.
Words words_of(const std::string& line);

/// "*": no bound.
Str bound(const std::string& word);

/// A processor whose records contain commands as values: runs each on `store` and forwards the
/// result, `run(store, record, words)`.
template <class Store, class Run>
Topology commands(Case& c, const StoreBuilder<Store>& builder, Run run) {
    c.b.add_state_store(builder);
    const std::string name = builder.name();
    c.stream("in")
        .process(simple([name, run](const StrRecord& record, StrContext& context) {
                     auto store = context.store<Store>(name);
                     emit_value(context, record,
                                run(store, record, words_of(record.value.value())));
                 }),
                 {.stores = {name}})
        .to("out");
    return c.build();
}

[[noreturn]] void unknown_command(const std::string& command);

}  // namespace millrace::parity
