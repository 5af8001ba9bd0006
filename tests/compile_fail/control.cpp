// compiles
// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/serde.hpp"

int main() {
    return 0;
}
