// SPDX-License-Identifier: Apache-2.0
#include "guarded_input.hpp"

#include "fuzz.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace millrace::fuzz {
namespace {

constexpr std::size_t kMost = std::size_t{1} << 20;

}  // namespace

GuardedInput::GuardedInput() : guard_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    void* const pages =
        ::mmap(nullptr, kMost + 2 * guard_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(pages != MAP_FAILED, "pages for the input");
    pages_ = static_cast<char*>(pages);
    expect(::mprotect(pages_ + guard_, kMost, PROT_READ | PROT_WRITE) == 0, "pages to write");
}

GuardedInput::~GuardedInput() {
    ::munmap(pages_, kMost + 2 * guard_);
}

BytesView GuardedInput::at_end(BytesView input) {
    expect(input.size() <= kMost, "an input of at most 1 MiB");
    char* const begin = pages_ + guard_ + kMost - input.size();
    input.copy(begin, input.size());
    return {begin, input.size()};
}

BytesView GuardedInput::at_start(BytesView input) {
    expect(input.size() <= kMost, "an input of at most 1 MiB");
    char* const begin = pages_ + guard_;
    input.copy(begin, input.size());
    return {begin, input.size()};
}

}  // namespace millrace::fuzz
