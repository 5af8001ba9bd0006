// error: use of deleted function
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

millrace::AnyRecord shout(const millrace::AnyRecord& record) {
    return record.with_value(std::string("!"));
}

int main() {}
