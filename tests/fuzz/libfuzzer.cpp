// SPDX-License-Identifier: Apache-2.0
// For libFuzzer: the first argument names the target. See docs/testing.md.
#include "fuzz.hpp"

#include "millrace/core/logging.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

millrace::fuzz::Decode decode = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
    using millrace::fuzz::Target;
    millrace::set_log_level(millrace::LogLevel::kOff);
    const std::string_view name = *argc > 1 ? (*argv)[1] : "";
    for (const Target& target : millrace::fuzz::targets()) {
        if (target.name == name) {
            decode = target.decode;
            (*argv)[1] = (*argv)[0];
            ++*argv;
            --*argc;
            return 0;
        }
    }
    std::fprintf(stderr, "usage: fuzz TARGET [option of libFuzzer | folder]...\ntargets:\n");
    for (const Target& target : millrace::fuzz::targets()) {
        std::fprintf(stderr, "    %s\n", target.name);
    }
    std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    decode({reinterpret_cast<const char*>(data), size});
    return 0;
}
