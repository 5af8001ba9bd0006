// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver.hpp"
#include "millrace/millrace.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// Options whose wrapper creates a W(name of the processor, notes) for each processor.
template <class W>
TopologyOptions wrapping(std::vector<std::string>& notes) {
    TopologyOptions options;
    options.processor_wrapper = [&notes](const std::string& name) {
        return WrappedProcessorSupplier{
            .make = [name, &notes] { return std::make_unique<W>(name, notes); }};
    };
    return options;
}

using Hook = std::function<void(InnerProcessor& inner, const AnyRecord& record)>;

/// A test's hooks around a processor.
struct Hooks {
    Hook process{};
    Hook forward{};
};

/// The context of a wrapped processor at initialisation.
struct WrappedParts {
    InnerProcessor& inner;
    ProcessingContext& context;
};

/// Requests hooks at initialisation.
class Hooked final : public WrappedProcessor {
  public:
    explicit Hooked(std::function<Hooks(WrappedParts)> make) : make_(std::move(make)) {}

    void init() override {
        inner().init();
        hooks_ = make_({inner(), context()});
    }
    void process(const AnyRecord& record) override {
        hooks_.process ? hooks_.process(inner(), record) : inner().process(record);
    }
    void forward(const AnyRecord& record, std::string_view child) override {
        hooks_.forward ? hooks_.forward(inner(), record) : inner().forward(record, child);
    }

  private:
    std::function<Hooks(WrappedParts)> make_;
    Hooks hooks_{};
};

/// Options whose wrapper puts such hooks around each processor.
inline TopologyOptions wrapping_with(std::function<Hooks(WrappedParts)> make,
                                     std::vector<StoreDeclaration> stores = {}) {
    TopologyOptions options;
    options.processor_wrapper = [make = std::move(make),
                                 stores = std::move(stores)](const std::string&) {
        return WrappedProcessorSupplier{.make = [make] { return std::make_unique<Hooked>(make); },
                                        .stores = stores};
    };
    return options;
}

/// From "in" to "out" through the processor "shout", which appends "!" to each value.
inline void pass_through(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .map_values([](const Text& value) { return value + "!"; }, {.name = "shout"})
        .to("out");
}

/// The keys of the headers of all records sent to a topic.
inline std::vector<Text> header_keys(testing::TopologyTestDriver& driver,
                                     const std::string& topic) {
    std::vector<Text> keys;
    for (const auto& record : driver.output_topic<Text, Text>(topic).drain_records()) {
        for (const Header& header : record.headers) {
            keys.push_back(header.key);
        }
    }
    return keys;
}

}  // namespace millrace
