// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "millrace/dsl/streams_builder.hpp"

namespace millrace::detail {

ForeignJoinNames name_foreign_join(LogicalGraph& graph, const std::string& given) {
    const auto named = [&](const char* suffix, const char* prefix) {
        return graph.suffixed_or_new(given, suffix, prefix);
    };
    constexpr const char* kRegistration = "KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-";
    constexpr const char* kProcessor = "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-";
    ForeignJoinNames names;
    names.subscription_topic = named("-subscription-registration", kRegistration) + "-topic";
    names.send = named("-subscription-registration-processor", kRegistration);
    names.subscription_sink = named("-subscription-registration-sink", "KTABLE-SINK-");
    names.subscription_source = named("-subscription-registration-source", "KTABLE-SOURCE-");
    names.store = named("-subscription-store", "KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-");
    names.receive = named("-subscription-receive", kProcessor);
    names.answer = named("-subscription-join-foreign", kProcessor);
    names.foreign_change = named("-foreign-join-subscription", kProcessor);
    names.response_topic =
        named("-subscription-response", "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-") + "-topic";
    names.response_sink = named("-subscription-response-sink", "KTABLE-SINK-");
    names.response_source = named("-subscription-response-source", "KTABLE-SOURCE-");
    names.resolve = named("-subscription-response-resolver",
                          "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-");
    names.result = named("-result", "KTABLE-FK-JOIN-OUTPUT-");
    return names;
}

std::optional<std::vector<Partition>> exactly_one(std::optional<std::vector<Partition>> chosen) {
    if (chosen && chosen->size() != 1) {
        throw ProcessingError(
            "the partitioner of a foreign-key join must choose exactly one partition; "
            "it chose " +
            std::to_string(chosen->size()));
    }
    return chosen;
}

}  // namespace millrace::detail
