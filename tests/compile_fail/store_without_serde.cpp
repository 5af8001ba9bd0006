// error: Serializable
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

namespace {
struct NoSerde {};
}  // namespace

int main() {
    millrace::stores::key_value_store<std::string, NoSerde>(
        millrace::stores::in_memory_key_value_store("rows"));
}
