// SPDX-License-Identifier: Apache-2.0

// Writes the training data of train.py: the features of seeded payments, and whether each is
// fraudulent.
#include "features.hpp"
#include "generator.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

namespace {

void write_features(const fraud::TrafficOptions& options, std::uint64_t payments) {
    fraud::TrafficGenerator traffic(options);
    std::map<std::string, fraud::CardProfile> profiles;
    for (auto& profile : traffic.profiles()) {
        profiles[profile.card()] = profile;
    }
    for (const char* name : fraud::kFeatureNames) {
        std::printf("%s,", name);
    }
    std::puts("fraudulent");
    for (std::uint64_t made = 0; made < payments;) {
        const auto record = traffic.next();
        if (!record.payment.has_value()) {
            continue;
        }
        ++made;
        const auto profile = profiles.find(record.card);
        if (profile == profiles.end()) {
            continue;
        }
        for (const float feature : fraud::features_of(*record.payment, profile->second)) {
            std::printf("%.9g,", static_cast<double>(feature));
        }
        std::printf("%d\n", record.fraudulent ? 1 : 0);
    }
}

}  // namespace

int main(int argc, char** argv) try {
    fraud::TrafficOptions options;
    std::uint64_t payments = 100'000;
    CLI::App app{"Writes features of generated payments as CSV to standard output"};
    app.add_option("--seed", options.seed, "seed of the traffic")->capture_default_str();
    app.add_option("--cards", options.cards, "number of cards")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--payments", payments, "number of payments")->capture_default_str();
    CLI11_PARSE(app, argc, argv);

    write_features(options, payments);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "export_features: %s\n", error.what());
    return 1;
}
