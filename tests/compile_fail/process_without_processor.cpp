// error: ProcessorSupplier
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("t").process([] { return std::make_unique<int>(); });
}
