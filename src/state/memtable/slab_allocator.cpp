// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/slab_allocator.hpp"

#include "core/check.hpp"

#include <new>

namespace millrace::state {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kInBlocks = false;  // A separate piece is checked individually.
#else
constexpr bool kInBlocks = true;
#endif

}  // namespace

/// The head of a block; its pieces follow. Before each piece is the address of its block.
struct SlabAllocator::Block {
    struct Piece {
        Block* block;  // Null: a separate piece.
        Piece* next;   // In free pieces. The piece starts here otherwise.
    };
    static constexpr std::size_t kHead = sizeof(Block*);

    Piece* at(std::size_t place) noexcept {
        return reinterpret_cast<Piece*>(reinterpret_cast<char*>(this + 1) + place * stride);
    }
    bool full() const noexcept { return taken == pieces; }

    SizeClass* of = nullptr;
    Block* next = nullptr;  // Of those of its class with room.
    Block* previous = nullptr;
    Piece* free = nullptr;  // Freed.
    std::size_t stride = 0;
    std::size_t pieces = 0;
    std::size_t cut = 0;  // The number of pieces that were ever taken, from the start.
    std::size_t taken = 0;
    std::size_t bytes = 0;
};

SlabAllocator::~SlabAllocator() {
    for (const SizeClass& one : classes_) {
        while (one.with_room != nullptr) {
            MILLRACE_CHECK(one.with_room->taken == 0);
            drop(one.with_room);
        }
    }
}

void* SlabAllocator::allocate(std::size_t size) {
    if (!kInBlocks || size > kLargest) {
        auto* piece = static_cast<Block::Piece*>(::operator new(Block::kHead + size));
        piece->block = nullptr;
        return &piece->next;
    }
    const std::size_t steps = (size + kStep - 1) / kStep;
    Block* block = classes_[steps].with_room;
    if (block == nullptr) {
        block = add_block(steps * kStep);
    }
    Block::Piece* piece = block->free;
    if (piece != nullptr) {
        block->free = piece->next;
    } else {
        piece = block->at(block->cut++);
        piece->block = block;
    }
    ++block->taken;
    if (block->full()) {
        take_out(block);
    }
    return &piece->next;
}

void SlabAllocator::deallocate(void* memory) noexcept {
    auto* piece = reinterpret_cast<Block::Piece*>(static_cast<char*>(memory) - Block::kHead);
    Block* block = piece->block;
    if (block == nullptr) {
        ::operator delete(piece);
        return;
    }
    if (block->full()) {
        put_first(block);
    }
    piece->next = block->free;
    block->free = piece;
    --block->taken;
    const bool only = block->next == nullptr && block->previous == nullptr;
    if (block->taken == 0 && !only) {
        drop(block);
    }
}

SlabAllocator::Block* SlabAllocator::add_block(std::size_t piece_size) {
    SizeClass& of = classes_[piece_size / kStep];
    std::size_t bytes = kSmallestBlock;
    for (std::size_t at = 0; at < of.blocks && bytes < kLargestBlock; ++at) {
        bytes *= 2;
    }
    auto* block = new (::operator new(bytes)) Block;
    block->of = &of;
    block->stride = piece_size + Block::kHead;
    block->pieces = (bytes - sizeof(Block)) / block->stride;
    block->bytes = bytes;
    put_first(block);
    ++of.blocks;
    block_bytes_ += bytes;
    return block;
}

// Requires that it is in the list.
void SlabAllocator::drop(Block* block) noexcept {
    take_out(block);
    --block->of->blocks;
    block_bytes_ -= block->bytes;
    ::operator delete(block);
}

void SlabAllocator::put_first(Block* block) noexcept {
    Block*& first = block->of->with_room;
    block->next = first;
    block->previous = nullptr;
    if (first != nullptr) {
        first->previous = block;
    }
    first = block;
}

void SlabAllocator::take_out(Block* block) noexcept {
    (block->previous != nullptr ? block->previous->next : block->of->with_room) = block->next;
    if (block->next != nullptr) {
        block->next->previous = block->previous;
    }
    block->next = block->previous = nullptr;
}

}  // namespace millrace::state
