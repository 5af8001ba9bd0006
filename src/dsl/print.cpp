// SPDX-License-Identifier: Apache-2.0
#include "core/text_file.hpp"
#include "core/type_name.hpp"
#include "millrace/core/error.hpp"
#include "millrace/dsl/printed.hpp"

#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>

namespace millrace {

LineWriter lines_to_standard_output() {
    return [](std::string_view line) {
        std::fwrite(line.data(), 1, line.size(), stdout);
        std::fputc('\n', stdout);
        std::fflush(stdout);
    };
}

LineWriter lines_to_file(const std::string& file) {
    try {
        // Shared by the nodes of all tasks.
        return [to = std::shared_ptr<TextFile>(create_text_file(file))](std::string_view line) {
            to->write_line(line);
        };
    } catch (const StateError& error) {
        throw TopologyError(std::string("a stream cannot be printed to a file: ") + error.what());
    }
}

LineWriter detail::one_at_a_time(LineWriter write) {
    if (!write) {
        throw TopologyError("a stream cannot be printed without a writer of lines");
    }
    // Shared by the nodes of all tasks, which several threads run.
    return
        [mutex = std::make_shared<std::mutex>(), write = std::move(write)](std::string_view line) {
            const std::scoped_lock lock(*mutex);
            write(line);
        };
}

void detail::no_text(const std::string& stream, const char* key_type, const char* value_type) {
    throw TopologyError(
        "stream " + stream + " cannot be printed: keys of type " + type_name(key_type) +
        " and values of type " + type_name(value_type) +
        " cannot both be written as text; set Printed::text, or define to_string for the type");
}

}  // namespace millrace
