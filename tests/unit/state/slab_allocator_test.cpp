// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/slab_allocator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace millrace::state {
namespace {

struct Piece {
    unsigned char* bytes;
    std::size_t size;
    unsigned char filled_with;
};

bool holds_what_was_written(const Piece& piece) {
    return std::all_of(piece.bytes, piece.bytes + piece.size,
                       [&](unsigned char byte) { return byte == piece.filled_with; });
}

TEST(SlabAllocator, AllocatesDisjointPieces) {
    SlabAllocator memory;
    std::vector<Piece> taken;
    std::mt19937 random(7);
    for (int step = 0; step < 50'000; ++step) {
        // Allocates and frees in waves, so that blocks become empty and are filled again.
        const bool grow = random() % 10 < (step / 5000 % 2 == 0 ? 7U : 3U);
        if (grow || taken.empty()) {
            const std::size_t size = 1 + random() % (step % 50 == 0 ? 5000 : 300);
            auto* bytes = static_cast<unsigned char*>(memory.allocate(size));
            ASSERT_EQ(reinterpret_cast<std::uintptr_t>(bytes) % 8, 0U);
            const auto fill = static_cast<unsigned char>(random());
            std::memset(bytes, fill, size);
            taken.push_back({bytes, size, fill});
        } else {
            std::swap(taken[random() % taken.size()], taken.back());
            ASSERT_TRUE(holds_what_was_written(taken.back()));
            memory.deallocate(taken.back().bytes);
            taken.pop_back();
        }
    }
    for (const Piece& piece : taken) {
        ASSERT_TRUE(holds_what_was_written(piece));
        memory.deallocate(piece.bytes);
    }
}

TEST(SlabAllocator, FreesEmptyBlocksExceptOneOfEachSize) {
    SlabAllocator memory;
    memory.deallocate(memory.allocate(150));
    const std::size_t first = memory.block_bytes();
    std::vector<void*> taken(10'000);
    for (void*& piece : taken) {
        piece = memory.allocate(150);
    }
    const std::size_t most = memory.block_bytes();
    for (void* piece : taken) {
        memory.deallocate(piece);
    }
#if !defined(__SANITIZE_ADDRESS__)  // Which checks each allocation separately.
    EXPECT_EQ(first, SlabAllocator::kSmallestBlock);
    EXPECT_GE(most, 10'000U * 150);
    EXPECT_LE(most, 10'000U * 175);
    EXPECT_LE(memory.block_bytes(), SlabAllocator::kLargestBlock);
#else
    EXPECT_EQ(first, 0U);
    EXPECT_EQ(most, 0U);
#endif
}

}  // namespace
}  // namespace millrace::state
