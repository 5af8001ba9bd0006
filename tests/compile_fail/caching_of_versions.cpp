// error: CacheableStore
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <chrono>
#include <string>

int main() {
    using namespace std::chrono_literals;
    millrace::stores::versioned_key_value_store<std::string, std::string>(
        millrace::stores::persistent_versioned_store("prices", 1h))
        .with_caching();
}
