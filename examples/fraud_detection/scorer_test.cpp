// SPDX-License-Identifier: Apache-2.0
#include "scorer.hpp"

#include "generator.hpp"

#include <gmock/gmock.h>

#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using fraud::Features;
using fraud::Scorer;

struct Sample {
    Features features;
    bool fraudulent;
};

std::vector<Sample> samples(std::uint64_t seed, std::size_t count) {
    fraud::TrafficGenerator traffic({.seed = seed});
    std::map<std::string, fraud::CardProfile> profiles;
    for (const auto& profile : traffic.profiles()) {
        profiles[profile.card()] = profile;
    }
    std::vector<Sample> made;
    while (made.size() < count) {
        const auto record = traffic.next();
        const auto profile = profiles.find(record.card);
        if (record.payment.has_value() && profile != profiles.end()) {
            made.push_back(
                {fraud::features_of(*record.payment, profile->second), record.fraudulent});
        }
    }
    return made;
}

TEST(Scorer, FindsMostThievesAndAnnoysFewCustomersOnTrafficItHasNotSeen) {
    const Scorer scorer;
    double caught = 0;
    double missed = 0;
    double annoyed = 0;

    for (const auto& sample : samples(777, 20'000)) {
        const bool alert = scorer.score(sample.features) >= scorer.threshold();
        caught += sample.fraudulent && alert ? 1 : 0;
        missed += sample.fraudulent && !alert ? 1 : 0;
        annoyed += !sample.fraudulent && alert ? 1 : 0;
    }

    EXPECT_GT(caught / (caught + missed), 0.6);
    EXPECT_GT(caught / (caught + annoyed), 0.7);
}

TEST(Scorer, CopyScoresTheSameOnAnotherThread) {
    const Scorer scorer;
    const auto payments = samples(5, 200);
    std::vector<float> here;
    std::vector<float> there;

    std::thread other([copy = scorer, &payments, &there] {
        for (const auto& payment : payments) {
            there.push_back(copy.score(payment.features));
        }
    });
    for (const auto& payment : payments) {
        here.push_back(scorer.score(payment.features));
    }
    other.join();

    EXPECT_EQ(here, there);
    EXPECT_GT(here, std::vector<float>(200, 0.0F));
}

TEST(Scorer, RefusesInvalidBytes) {
    EXPECT_THROW(Scorer("{\"not\": \"a model\"}"), std::runtime_error);
}

TEST(Scorer, RefusesAModelWithOtherFeatures) {
    std::string model(fraud::built_in_model());
    const std::string name = "\"chargebacks\"";
    model.replace(model.find(name), name.size(), "\"shoe_size__\"");

    EXPECT_THROW(Scorer{model}, std::runtime_error);
}

}  // namespace
