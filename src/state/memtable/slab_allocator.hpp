// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace millrace::state {

/// Memory for the rows of one table, hundreds of thousands of which are allocated and freed with
/// each commit. Pieces of one size are cut from blocks, one after the other; the first blocks are
/// small. A block is freed when all of its pieces are, except one block of each size.
///
/// Pieces are aligned to 8 bytes, and must be freed before this is destroyed. Not thread-safe.
class SlabAllocator {
  public:
    SlabAllocator() = default;
    ~SlabAllocator();
    SlabAllocator(const SlabAllocator&) = delete;
    SlabAllocator& operator=(const SlabAllocator&) = delete;

    /// At least one byte. Throws std::bad_alloc.
    void* allocate(std::size_t size);

    /// `piece` must have been allocated here.
    void deallocate(void* piece) noexcept;

    /// The size of all blocks, used or not.
    std::size_t block_bytes() const noexcept { return block_bytes_; }

    static constexpr std::size_t kSmallestBlock = std::size_t{2} << 10;
    static constexpr std::size_t kLargestBlock = std::size_t{32} << 10;

  private:
    struct Block;
    struct SizeClass {
        Block* with_room = nullptr;  // A list.
        std::size_t blocks = 0;
    };

    static constexpr std::size_t kStep = 16;
    static constexpr std::size_t kLargest = 1024;  // Of pieces in blocks.

    Block* add_block(std::size_t piece_size);
    void drop(Block* block) noexcept;
    static void put_first(Block* block) noexcept;
    static void take_out(Block* block) noexcept;

    std::array<SizeClass, kLargest / kStep + 1> classes_{};
    std::size_t block_bytes_ = 0;
};

}  // namespace millrace::state
