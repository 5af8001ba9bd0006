// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace millrace::assignment {

/// Shares whole things of several kinds out over places by weight, as evenly as whole numbers go:
/// of each kind a place gets its exact share rounded down or up, and so it does of the sum of all
/// kinds.
///
/// Such a rounding always exists (a table of numbers can be rounded so that rows, columns and the
/// total stay right). It is found as a flow: what rounding down leaves of a row goes, one to a cell
/// at most, to columns that are still below their share.
class FairRounding {
  public:
    /// `counts`: of each kind, a row. `weights`: of each place, a column; their sum is above 0.
    FairRounding(std::vector<std::size_t> counts, std::vector<std::size_t> weights);

    /// The exact share of a cell, rounded down.
    std::size_t floor(std::size_t row, std::size_t column) const;

    /// Rounds that cell up if that can be; what was preferred before has precedence.
    void prefer(std::size_t row, std::size_t column);

    /// The numbers by row and column. To be called once, at the end.
    std::vector<std::vector<std::size_t>> round();

  private:
    struct Column {
        std::size_t needed = 0;   // So many cells must be rounded up, ...
        std::size_t used = 0;     // ... so many are, ...
        bool may_exceed = false;  // ... and one more may be.

        bool exceeds() const noexcept { return used > needed; }
        bool at_choice() const noexcept { return may_exceed && used == needed; }
    };

    bool may_round_up(std::size_t row, std::size_t column) const;
    void round_up(std::size_t row, std::size_t column, bool up);
    void augment(std::size_t row);
    std::vector<std::size_t> next(std::size_t node) const;

    std::vector<std::size_t> counts_;
    std::vector<std::size_t> weights_;
    std::size_t total_weight_ = 0;
    std::vector<Column> columns_;
    std::vector<std::size_t> left_;      // By row: how many are not placed yet.
    std::size_t may_exceed_ = 0;         // How many columns more may have one above `needed`.
    std::vector<std::vector<bool>> up_;  // Which cells are rounded up.
};

}  // namespace millrace::assignment
