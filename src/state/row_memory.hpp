// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace millrace::state {

/// Memory for the rows of one table, which come and go by the hundred thousand with each commit.
/// Pieces of one size are cut from blocks of their own, one behind the other; a block goes back
/// when all of its pieces have, but for one of each size.
///
/// Pieces are aligned to 8 bytes, and must be given back before this is destroyed. Not thread-safe.
class RowMemory {
  public:
    RowMemory() = default;
    ~RowMemory();
    RowMemory(const RowMemory&) = delete;
    RowMemory& operator=(const RowMemory&) = delete;

    /// Of at least one byte. Throws std::bad_alloc.
    void* take(std::size_t size);

    /// `piece` was taken from here.
    void give_back(void* piece) noexcept;

    /// What is in blocks, whether taken or not.
    std::size_t block_bytes() const noexcept { return blocks_ * kBlockSize; }

    static constexpr std::size_t kBlockSize = std::size_t{32} << 10;

  private:
    struct Block;

    static constexpr std::size_t kStep = 16;
    static constexpr std::size_t kLargest = 1024;  // Of pieces in blocks.

    Block* add_block(std::size_t size_class);
    void put_first(Block* block) noexcept;
    void take_out(Block* block) noexcept;

    std::array<Block*, kLargest / kStep + 1> with_room_{};  // By size; lists.
    std::size_t blocks_ = 0;
};

}  // namespace millrace::state
