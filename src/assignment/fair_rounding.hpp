// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace millrace::assignment {

/// Distributes items of several kinds over places by weight, as evenly as integers allow: each
/// place gets its exact share of each kind, rounded down or up, and the same holds for the sum of
/// all kinds.
///
/// Such a rounding always exists (a table of numbers can be rounded so that rows, columns and the
/// total are preserved). It is found as a flow: the remainder of a row after rounding down is
/// distributed, at most one unit per cell, to columns that are below their share.
class FairRounding {
  public:
    /// `counts`: one row for each kind. `weights`: one column for each place; their sum must be
    /// above 0.
    FairRounding(std::vector<std::size_t> counts, std::vector<std::size_t> weights);

    /// The exact share of a cell, rounded down.
    std::size_t floor(std::size_t row, std::size_t column) const;

    /// Rounds that cell up if possible. Earlier calls take precedence.
    void prefer(std::size_t row, std::size_t column);

    /// The numbers by row and column. Call it once, at the end.
    std::vector<std::vector<std::size_t>> round();

  private:
    struct Column {
        std::size_t needed = 0;   // How many cells must be rounded up, ...
        std::size_t used = 0;     // ... how many are, ...
        bool may_exceed = false;  // ... and whether one more may be.

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
    std::vector<std::size_t> left_;      // By row: how many units are not placed yet.
    std::size_t may_exceed_ = 0;         // How many more columns may have one unit above `needed`.
    std::vector<std::vector<bool>> up_;  // Which cells are rounded up.
};

}  // namespace millrace::assignment
