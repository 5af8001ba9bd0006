// error: conversion from
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <cstdint>
#include <string>

int main() {
    millrace::StreamsBuilder builder;
    const millrace::KTable<std::string, std::int64_t> counts =
        builder.stream<std::string, std::string>("in").group_by_key().count();
}
