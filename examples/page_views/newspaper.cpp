// SPDX-License-Identifier: Apache-2.0
#include "newspaper.hpp"

#include <array>
#include <chrono>
#include <random>
#include <string>

namespace {

using namespace std::chrono_literals;
using millrace::Timestamp;

constexpr int kArticles = 10;
constexpr int kUsers = 20;
constexpr std::array kAuthors = {"Ann", "Bea", "Cem"};
constexpr Timestamp kMorning{std::chrono::hours(24 * 365)};

std::string article(int number) {
    return "article-" + std::to_string(number);
}

}  // namespace

void publish_articles(millrace::testing::EmbeddedBroker& broker) {
    for (const char* topic : {"views", "articles", "authors", "visits", "views-by-author"}) {
        broker.create_topic(topic);
    }
    for (std::size_t id = 0; id < kAuthors.size(); ++id) {
        broker.produce("authors",
                       {.key = std::to_string(id), .value = kAuthors[id], .timestamp = kMorning});
    }
    for (int number = 0; number < kArticles; ++number) {
        broker.produce("articles", {.key = article(number),
                                    .value = std::to_string(number % kAuthors.size()),
                                    .timestamp = kMorning});
    }
}

void read_articles(millrace::testing::EmbeddedBroker& broker, int views, unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < views; ++i) {
        const auto time = kMorning + std::chrono::milliseconds(24h) * i / views;
        broker.produce("views", {.key = "user-" + std::to_string(random() % kUsers),
                                 .value = article(static_cast<int>(random() % kArticles)),
                                 .timestamp = time});
    }
    broker.produce("views", {.key = "nobody", .value = article(0), .timestamp = kMorning + 48h});
}
