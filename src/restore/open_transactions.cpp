// SPDX-License-Identifier: Apache-2.0
#include "restore/open_transactions.hpp"

#include "core/log.hpp"

namespace millrace::restore {

void OpenTransactions::blocked(const std::string& store, const TopicPartition& changelog,
                               Offset first, Offset end) {
    const std::chrono::nanoseconds now = clock_->monotonic();
    const auto [entry, added] = seen_.try_emplace(changelog, Seen{first, now, now});
    Seen& seen = entry->second;
    if (!added && seen.first == first && now - seen.logged < kInterval) {
        return;
    }
    if (seen.first != first) {
        seen = {first, now, now};
    }
    seen.logged = now;
    const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - seen.since);
    log::warn("restoring store " + store + " waits for an open transaction: changelog " +
              to_string(changelog) + ", first offset of the transaction " + std::to_string(first) +
              ", restored up to offset " + std::to_string(end) + ", waiting for " +
              std::to_string(waited.count()) +
              " s; the broker aborts the transaction after its transaction.timeout.ms. If it does "
              "not end, find it with kafka-transactions.sh find-hanging, and end it with "
              "kafka-transactions.sh abort");
}

}  // namespace millrace::restore
