// SPDX-License-Identifier: Apache-2.0
#include "modes.hpp"
#include "options.hpp"
#include "workloads.hpp"

#include <cstdio>
#include <exception>

// The exit code for an unknown workload.
constexpr int kUnknownWorkload = 64;

int main(int argc, char** argv) {
    try {
        const bench::Options options = bench::parse(argc, argv);
        const auto topology = bench::make_topology(options);
        if (!topology) {
            std::fprintf(stderr, "unknown workload %s\n", options.workload.c_str());
            return kUnknownWorkload;
        }
        if (options.mode == "describe") {
            std::puts(topology->describe().c_str());
            return 0;
        }
        if (options.mode == "drain") {
            return bench::drain(*topology, options);
        }
        return options.mode == "restore" ? bench::restore(*topology, options)
                                         : bench::run(*topology, options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
