// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <cinttypes>
#include <cstdio>
#include <ctime>

namespace fraud {

namespace {

std::string clock_time(std::int64_t time_ms) {
    const std::time_t seconds = time_ms / 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%m-%d %H:%M", &utc);
    return text;
}

std::string amount(std::int64_t cents) {
    char text[32];
    std::snprintf(text, sizeof text, "%" PRId64 ".%02" PRId64, cents / 100, cents % 100);
    return text;
}

// "CATEGORY_GIFT_CARDS" as "gift cards".
std::string category_name(Category category) {
    std::string name = Category_Name(category).substr(sizeof "CATEGORY_" - 1);
    for (char& letter : name) {
        letter = letter == '_' ? ' ' : static_cast<char>(letter - 'A' + 'a');
    }
    return name;
}

}  // namespace

Summary summary_of(const Expectation& expected) {
    return {.payments = expected.payments,
            .high_risk = expected.high_risk.size(),
            .velocity_alerts = expected.velocity_alerts.size(),
            .model_alerts = expected.model_alerts.size(),
            .dead_letters = expected.dead_letters};
}

std::string to_line(const VelocityAlert& alert) {
    char text[160];
    std::snprintf(text, sizeof text, "velocity  %s  %s  payment %d within the hour, together %s",
                  alert.card().c_str(), clock_time(alert.window_start_ms()).c_str(),
                  alert.payments(), amount(alert.total_cents()).c_str());
    return text;
}

std::string to_line(const ModelAlert& alert) {
    const auto& payment = alert.payment();
    char text[160];
    std::snprintf(text, sizeof text, "model     %s  %s  score %.2f: %s %s for %s in %s",
                  payment.card().c_str(), clock_time(payment.event_time_ms()).c_str(),
                  static_cast<double>(alert.score()), amount(payment.amount_cents()).c_str(),
                  payment.currency().c_str(), category_name(payment.category()).c_str(),
                  payment.country().c_str());
    return text;
}

std::string to_line(const Summary& progress) {
    char text[160];
    std::snprintf(text, sizeof text,
                  "%" PRIu64 " payments: high-risk %" PRIu64 ", velocity %" PRIu64
                  ", model %" PRIu64 ", unreadable %" PRIu64,
                  progress.payments, progress.high_risk, progress.velocity_alerts,
                  progress.model_alerts, progress.dead_letters);
    return text;
}

void print(const Summary& summary) {
    std::printf("payments %" PRIu64 "\nhigh-risk %" PRIu64 "\nvelocity-alerts %" PRIu64
                "\nmodel-alerts %" PRIu64 "\ndead-letters %" PRIu64 "\n",
                summary.payments, summary.high_risk, summary.velocity_alerts, summary.model_alerts,
                summary.dead_letters);
}

void print(const Expectation& expected) {
    for (const auto id : expected.high_risk) {
        std::printf("alert high-risk payment %" PRIu64 "\n", id);
    }
    for (const auto& [key, alert] : expected.velocity_alerts) {
        std::printf("alert velocity %s\n", key.c_str());
    }
    for (const auto id : expected.model_alerts) {
        std::printf("alert model payment %" PRIu64 "\n", id);
    }
    print(summary_of(expected));
}

}  // namespace fraud
