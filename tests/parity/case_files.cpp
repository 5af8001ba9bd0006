// SPDX-License-Identifier: Apache-2.0
#include "case_files.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace millrace::parity {
namespace {

namespace fs = std::filesystem;

std::string unzip(const fs::path& file) {
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> input(gzopen(file.c_str(), "rb"), gzclose);
    if (input == nullptr) {
        throw std::runtime_error("cannot open " + file.string());
    }
    std::string text;
    std::array<char, 1 << 16> buffer{};
    int count = 0;
    while ((count = gzread(input.get(), buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (count < 0) {
        throw std::runtime_error("cannot read " + file.string());
    }
    return text;
}

}  // namespace

Json read_json(const fs::path& file) {
    std::ifstream input(file);
    if (!input) {
        throw std::runtime_error("cannot open " + file.string());
    }
    return Json::parse(input);
}

void write_json(const fs::path& file, const Json& json) {
    if (file.has_parent_path()) {
        fs::create_directories(file.parent_path());
    }
    std::ofstream output(file);
    output << json.dump() << '\n';
    if (!output) {
        throw std::runtime_error("cannot write " + file.string());
    }
}

void for_each_case(const fs::path& path,
                   const std::function<void(const std::string&, const Json&)>& visit) {
    if (path.string().ends_with(".jsonl.gz")) {
        const std::string text = unzip(path);
        std::string_view rest = text;
        while (!rest.empty()) {
            const std::string_view line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
            const Json entry = Json::parse(line);
            visit(entry.at("name").get<std::string>(), entry.at("case"));
        }
        return;
    }
    if (!fs::is_directory(path)) {
        visit(path.filename().string(), read_json(path));
        return;
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
        if (entry.path().extension() == ".json") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
        visit(file.lexically_relative(path).string(), read_json(file));
    }
}

}  // namespace millrace::parity
