// SPDX-License-Identifier: Apache-2.0
#include "assignment/fair_rounding.hpp"

#include "core/check.hpp"

#include <numeric>
#include <utility>

namespace millrace::assignment {

FairRounding::FairRounding(std::vector<std::size_t> counts, std::vector<std::size_t> weights)
    : counts_(std::move(counts)),
      weights_(std::move(weights)),
      total_weight_(std::accumulate(weights_.begin(), weights_.end(), std::size_t{0})),
      columns_(weights_.size()),
      left_(counts_),
      up_(counts_.size(), std::vector<bool>(weights_.size())) {
    MILLRACE_CHECK(total_weight_ > 0);
    const std::size_t total = std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
    may_exceed_ = total;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
        const std::size_t share = total * weights_[column];
        columns_[column].needed = share / total_weight_;
        columns_[column].may_exceed = share % total_weight_ != 0;
        may_exceed_ -= columns_[column].needed;
        for (std::size_t row = 0; row < counts_.size(); ++row) {
            columns_[column].needed -= floor(row, column);
            left_[row] -= floor(row, column);
        }
    }
}

std::size_t FairRounding::floor(std::size_t row, std::size_t column) const {
    return counts_[row] * weights_[column] / total_weight_;
}

bool FairRounding::may_round_up(std::size_t row, std::size_t column) const {
    return !up_[row][column] && counts_[row] * weights_[column] % total_weight_ != 0;
}

void FairRounding::round_up(std::size_t row, std::size_t column, bool up) {
    Column& place = columns_[column];
    const bool exceeded = place.exceeds();
    up_[row][column] = up;
    up ? ++place.used : --place.used;
    up ? --left_[row] : ++left_[row];
    may_exceed_ += exceeded ? 1 : 0;
    may_exceed_ -= place.exceeds() ? 1 : 0;
}

void FairRounding::prefer(std::size_t row, std::size_t column) {
    const Column& place = columns_[column];
    const bool room = place.used < place.needed || (place.at_choice() && may_exceed_ > 0);
    if (room && left_[row] > 0 && may_round_up(row, column)) {
        round_up(row, column, true);
    }
}

// Nodes of the flow: rows, columns, the selection of columns that may exceed their share, the sink.

std::vector<std::size_t> FairRounding::next(std::size_t node) const {
    const std::size_t rows = counts_.size();
    const std::size_t choice = rows + columns_.size();
    std::vector<std::size_t> reached;
    if (node < rows) {
        for (std::size_t column = 0; column < columns_.size(); ++column) {
            if (may_round_up(node, column)) {
                reached.push_back(rows + column);
            }
        }
    } else if (node < choice) {
        const Column& place = columns_[node - rows];
        if (place.used < place.needed) {
            return {choice + 1};
        }
        if (place.at_choice()) {
            reached.push_back(choice);
        }
        for (std::size_t row = 0; row < rows; ++row) {
            if (up_[row][node - rows]) {
                reached.push_back(row);
            }
        }
    } else if (may_exceed_ > 0) {
        return {choice + 1};
    } else {
        for (std::size_t column = 0; column < columns_.size(); ++column) {
            if (columns_[column].exceeds()) {
                reached.push_back(rows + column);
            }
        }
    }
    return reached;
}

/// Places one more unit of the row along the shortest path to the sink, moving others if necessary.
void FairRounding::augment(std::size_t row) {
    const std::size_t rows = counts_.size();
    const std::size_t choice = rows + columns_.size();
    const std::size_t end = choice + 1;
    const std::size_t unknown = end + 1;
    std::vector<std::size_t> from(end + 1, unknown);
    std::vector<std::size_t> queue{row};
    from[row] = row;
    for (std::size_t at = 0; at < queue.size() && from[end] == unknown; ++at) {
        for (const std::size_t node : next(queue[at])) {
            if (from[node] == unknown) {
                from[node] = queue[at];
                queue.push_back(node);
            }
        }
    }
    MILLRACE_CHECK(from[end] != unknown);
    std::vector<std::size_t> path{end};
    while (path.back() != row) {
        path.push_back(from[path.back()]);
    }
    // Reductions first, so that no column exceeds its limit in between.
    for (const bool up : {false, true}) {
        for (std::size_t step = 1; step < path.size(); ++step) {
            const std::size_t to = path[step - 1];
            const std::size_t of = path[step];
            if (up && of < rows) {
                round_up(of, to - rows, true);
            } else if (!up && to < rows && of >= rows && of < choice) {
                round_up(to, of - rows, false);
            }
        }
    }
}

std::vector<std::vector<std::size_t>> FairRounding::round() {
    std::vector<std::vector<std::size_t>> numbers(counts_.size());
    for (std::size_t row = 0; row < counts_.size(); ++row) {
        while (left_[row] > 0) {
            augment(row);
        }
    }
    for (std::size_t row = 0; row < counts_.size(); ++row) {
        for (std::size_t column = 0; column < columns_.size(); ++column) {
            numbers[row].push_back(floor(row, column) + (up_[row][column] ? 1 : 0));
        }
    }
    return numbers;
}

}  // namespace millrace::assignment
