// SPDX-License-Identifier: Apache-2.0
#include "application.hpp"
#include "expected.hpp"
#include "options.hpp"
#include "report.hpp"
#include "stop_signal.hpp"
#include "topology.hpp"

#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <exception>
#include <string>

namespace {

int run(const fraud::Options& options) {
    fraud::StopSignal stop;
    fraud::apply_log_level(options);
    switch (options.mode) {
        case fraud::Mode::kDescribe:
            std::fputs(fraud::fraud_detection(fraud::scorer_of(options)).describe().c_str(),
                       stdout);
            return 0;
        case fraud::Mode::kExpect:
            fraud::print(fraud::expect(options.traffic, options.payments));
            return 0;
        case fraud::Mode::kGenerate:
            return fraud::run_generator(options, stop);
        case fraud::Mode::kService:
            return fraud::run_service(options, stop);
        case fraud::Mode::kDemo:
            break;
    }
    return fraud::run_demo(options, stop);
}

}  // namespace

int main(int argc, char** argv) {
    // Unreadable records are handled; protobuf need not log them as well.
    google::protobuf::SetLogHandler(nullptr);
    int exit_code = 0;
    const auto options = fraud::parse_options(argc, argv, exit_code);
    if (!options.has_value()) {
        return exit_code;
    }
    try {
        return run(*options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fraud_detection: %s\n", error.what());
        return 1;
    }
}
