// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/broker/transactions.hpp"

#include "testing/embedded/log/statuses.hpp"

#include <algorithm>
#include <limits>

namespace millrace::testing::embedded {

const std::string& Transactions::client_of(std::int64_t producer_id) const {
    static const std::string unknown;
    const auto found = clients_.find(producer_id);
    return found == clients_.end() ? unknown : found->second;
}

ProducerIdentity Transactions::init(const std::string& id, std::int64_t timeout, std::int64_t now,
                                    std::int64_t ticks) {
    expire(now, ticks);
    auto [found, is_new] = transactions_.try_emplace(id);
    Transaction& transaction = found->second;
    transaction.timeout = timeout;
    if (is_new) {
        transaction.identity = new_identity();
        return transaction.identity;
    }
    finish(transaction, false, now);
    fence(transaction);
    return transaction.identity;
}

kafka::Status Transactions::check(const std::string& id, ProducerIdentity identity) const {
    const auto found = transactions_.find(id);
    if (found != transactions_.end() && defects_.have(Defect::kNoFencing)) {
        return {};
    }
    if (found == transactions_.end() ||
        found->second.identity.producer_id != identity.producer_id ||
        found->second.identity.epoch != identity.epoch) {
        return fatal_failure(kafka::ErrorCode::kFenced,
                             "a newer producer took over, or the transaction timed out: " + id);
    }
    return {};
}

kafka::Status Transactions::enter(const std::string& id, ProducerIdentity identity,
                                  std::int64_t ticks) {
    if (auto status = check(id, identity); !status.ok()) {
        return status;
    }
    Transaction& transaction = transactions_.at(id);
    if (!transaction.open_since) {
        transaction.open_since = ticks;
    }
    return {};
}

kafka::Status Transactions::add_partition(const std::string& id, ProducerIdentity identity,
                                          const std::shared_ptr<PartitionLog>& log,
                                          std::int64_t ticks) {
    if (auto status = enter(id, identity, ticks); !status.ok()) {
        return status;
    }
    auto& partitions = transactions_.at(id).partitions;
    if (std::find(partitions.begin(), partitions.end(), log) == partitions.end()) {
        partitions.push_back(log);
    }
    return {};
}

kafka::Status Transactions::add_offsets(const std::string& id, ProducerIdentity identity,
                                        const std::string& group,
                                        std::span<const kafka::OffsetCommit> offsets,
                                        std::int64_t ticks) {
    if (auto status = enter(id, identity, ticks); !status.ok()) {
        return status;
    }
    auto& groups = transactions_.at(id).groups;
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) {
        groups.push_back(group);
    }
    if (defects_.have(Defect::kOffsetsBeforeCommit)) {
        offsets_of_(group).commit(offsets);
    }
    offsets_of_(group).commit_with_transaction(identity.producer_id, offsets);
    return {};
}

kafka::Status Transactions::end(const std::string& id, ProducerIdentity identity, bool commit,
                                std::int64_t now) {
    if (auto status = check(id, identity); !status.ok()) {
        return status;
    }
    const bool lost = commit && defects_.strikes(Defect::kCommittedRecords, 5);
    finish(transactions_.at(id), commit && !lost, now);
    return {};
}

void Transactions::finish(Transaction& transaction, bool commit, std::int64_t now) {
    for (const auto& log : transaction.partitions) {
        log->end_transaction(transaction.identity.producer_id,
                             commit || defects_.have(Defect::kAbortedRecords), now);
    }
    const bool offsets = (commit || defects_.have(Defect::kOffsetsWithoutCommit)) &&
                         !(commit && defects_.strikes(Defect::kNoOffsetsWithCommit, 3));
    for (const auto& group : transaction.groups) {
        offsets_of_(group).end_transaction(transaction.identity.producer_id, offsets);
    }
    transaction.partitions.clear();
    transaction.groups.clear();
    transaction.open_since.reset();
}

void Transactions::fence(Transaction& transaction) {
    if (transaction.identity.epoch == std::numeric_limits<std::int16_t>::max()) {
        transaction.identity = new_identity();
    } else {
        ++transaction.identity.epoch;
    }
}

void Transactions::expire(std::int64_t now, std::int64_t ticks) {
    for (auto& [id, transaction] : transactions_) {
        if (transaction.open_since && ticks - *transaction.open_since > transaction.timeout) {
            finish(transaction, false, now);
            fence(transaction);
        }
    }
}

std::optional<std::int64_t> Transactions::next_deadline() const {
    std::optional<std::int64_t> next;
    for (const auto& [id, transaction] : transactions_) {
        if (transaction.open_since) {
            const std::int64_t deadline = *transaction.open_since + transaction.timeout + 1;
            next = std::min(next.value_or(deadline), deadline);
        }
    }
    return next;
}

bool Transactions::expire(const std::string& id, std::int64_t now) {
    const auto found = transactions_.find(id);
    if (found == transactions_.end() || !found->second.open_since) {
        return false;
    }
    finish(found->second, false, now);
    fence(found->second);
    return true;
}

void Transactions::expire_any(const std::string& prefix, std::uint64_t choice, std::int64_t now) {
    std::vector<std::string> open;
    for (const auto& [id, transaction] : transactions_) {
        if (transaction.open_since && id.starts_with(prefix)) {
            open.push_back(id);
        }
    }
    if (!open.empty()) {
        expire(open[choice % open.size()], now);
    }
}

}  // namespace millrace::testing::embedded
