// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "millrace/core/version.hpp"

int main() {
    std::printf("consumer of millrace %s\n", millrace::version().data());
    return millrace::version().empty() ? 1 : 0;
}
