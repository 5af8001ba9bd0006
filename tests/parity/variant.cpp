// SPDX-License-Identifier: Apache-2.0
#include "variant.hpp"

#include "millrace/detail/graph/topology_spec.hpp"
#include "operators/wrapped_node.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace millrace::parity {
namespace {

constexpr const char* kCacheBytes = "statestore.cache.max.bytes";
constexpr const char* kTinyCacheBytes = "300";
constexpr std::size_t kTinyUncommittedBytes = 200;

StoreEngine exchanged(StoreEngine engine, StoreEngine by_default) {
    switch (engine == StoreEngine::kDefault ? by_default : engine) {
        case StoreEngine::kRocksDb:
            return StoreEngine::kInMemory;
        case StoreEngine::kInMemory:
            return StoreEngine::kRocksDb;
        default:
            return engine;  // Bounded: drops rows by design.
    }
}

StoreEngine default_engine(const Settings& settings) {
    for (const char* name : {"dsl.store.suppliers.class", "default.dsl.store"}) {
        if (const auto found = settings.find(name); found != settings.end()) {
            const bool in_memory = found->second.find("emory") != std::string::npos;
            return in_memory ? StoreEngine::kInMemory : StoreEngine::kRocksDb;
        }
    }
    return StoreEngine::kRocksDb;
}

void exchange_engines(detail::TopologySpec& spec, StoreEngine by_default) {
    for (detail::StoreSpec& store : spec.stores) {
        store.engine = exchanged(store.engine, by_default);
    }
    for (detail::GlobalStoreSpec& global : spec.global_stores) {
        global.store.engine = exchanged(global.store.engine, by_default);
    }
}

void wrap_processors(detail::TopologySpec& spec) {
    const auto in_nothing = [](const std::string&) {
        return WrappedProcessorSupplier{
            .make = [] { return std::make_unique<WrappedProcessor>(); }};
    };
    for (detail::NodeSpec& node : spec.nodes) {
        if (node.kind == detail::NodeKind::kProcessor) {
            topology::wrap(node, in_nothing);
        }
    }
}

bool is_internal(const std::string& topic) {
    return topic.starts_with("parity-");
}

}  // namespace

bool Variant::parse(const std::string& option) {
    if (option == "--exchange-stores") {
        exchange_stores = true;
    } else if (option == "--cache=on" || option == "--cache=off") {
        cache = option.ends_with("=on");
    } else if (option == "--tiny-limits") {
        tiny_limits = true;
    } else if (option == "--wrapped") {
        wrapped = true;
    } else {
        return false;
    }
    return true;
}

std::vector<std::string> Variant::options() const {
    std::vector<std::string> options;
    if (exchange_stores) {
        options.emplace_back("--exchange-stores");
    }
    if (cache) {
        options.emplace_back(*cache ? "--cache=on" : "--cache=off");
    }
    if (tiny_limits) {
        options.emplace_back("--tiny-limits");
    }
    if (wrapped) {
        options.emplace_back("--wrapped");
    }
    return options;
}

bool Variant::changes(const Json& recorded) const {
    const bool cached = recorded.at("config").value(kCacheBytes, "") != "0";
    return !cache || *cache != cached || exchange_stores || tiny_limits || wrapped;
}

Settings Variant::settings(Settings recorded) const {
    if (cache) {
        recorded[kCacheBytes] = *cache ? "10485760" : "0";
    }
    if (tiny_limits) {
        recorded[kCacheBytes] = kTinyCacheBytes;
    }
    if (without_defects) {
        recorded[kWithoutDefects] = "yes";
    }
    return recorded;
}

Topology Variant::topology(const Topology& recorded, const Settings& settings) const {
    auto spec = std::make_shared<detail::TopologySpec>(recorded.spec());
    if (exchange_stores) {
        exchange_engines(*spec, default_engine(settings));
    }
    if (wrapped) {
        wrap_processors(*spec);
    }
    return Topology(std::move(spec));
}

testing::DriverOptions Variant::driver(const Settings& settings) const {
    testing::DriverOptions options{.config = settings};
    // Settings of the runs; a driver does not have them.
    for (const char* name :
         {"default.key.serde", "default.value.serde", "processing.guarantee", kWithoutDefects}) {
        options.config.erase(name);
    }
    std::erase_if(options.config, [](const auto& setting) { return setting.second.empty(); });
    if (tiny_limits) {
        options.commit_above_bytes = kTinyUncommittedBytes;
    }
    return options;
}

Json end_of(const Json& result) {
    Json end = Json::object();
    end["stores"] = result.value("stores", Json::object());
    Json& topics = end["topics"] = Json::object();
    for (const Json& step : result.value("steps", Json::array())) {
        if (step.contains("throws")) {
            end["throws"] = step.at("throws");
        }
        for (const Json& record : step.value("out", Json::array())) {
            const auto topic = record.at("topic").get<std::string>();
            if (is_internal(topic)) {
                continue;
            }
            const std::string key = record.at("key").dump();
            Json& values = topics.emplace(topic, Json::object()).first.value();
            if (record.at("value").is_null()) {
                values.erase(key);
            } else {
                values[key] = {{"value", record.at("value")},
                               {"timestamp", record.at("timestamp")}};
            }
        }
    }
    return end;
}

Json without_windows(Json result) {
    for (auto& [name, store] : result["stores"].items()) {
        if (store.at("kind").get<std::string>().find("window") != std::string::npos) {
            store["kind"] = "opaque";
        }
    }
    return result;
}

Json reduced_to(Compared compared, Json end) {
    if (compared == Compared::kStores) {
        end["topics"] = Json::object();
        return end;
    }
    if (compared == Compared::kLastValues) {
        end["stores"] = Json::object();
    }
    if (compared != Compared::kAll) {
        for (auto& [topic, values] : end["topics"].items()) {
            for (auto& [key, value] : values.items()) {
                value.erase("timestamp");
            }
        }
        for (auto& [name, store] : end["stores"].items()) {
            for (Json& entry : store["entries"]) {
                entry.erase("timestamp");
            }
        }
    }
    return end;
}

Exceptions::Exceptions(const std::filesystem::path& file) {
    std::ifstream input(file);
    if (!input) {
        throw std::runtime_error("cannot open " + file.string());
    }
    const std::map<std::string, Compared> levels{{"values", Compared::kValues},
                                                 {"last-values", Compared::kLastValues},
                                                 {"stores", Compared::kStores},
                                                 {"nothing", Compared::kNothing}};
    for (std::string line; std::getline(input, line);) {
        if (line.empty() || line.front() == '#') {
            continue;
        }
        std::istringstream words(line);
        Exception exception;
        std::string level;
        std::string reason;
        words >> exception.option >> exception.pattern >> level >> reason;
        const auto found = levels.find(level);
        if (found == levels.end() || reason.empty()) {
            throw std::runtime_error("not an exception with a reason, in " + file.string() + ": " +
                                     line);
        }
        exception.compared = found->second;
        exceptions_.push_back(std::move(exception));
    }
}

Compared Exceptions::compared(const Variant& variant, const std::string& scenario, int seed) const {
    const std::vector<std::string> options = variant.options();
    const std::string name = scenario + "/" + std::to_string(seed);
    const auto found =
        std::find_if(exceptions_.begin(), exceptions_.end(), [&](const Exception& exception) {
            const std::string& pattern = exception.pattern;
            const bool is_meant = pattern.ends_with("*")
                                      ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                      : pattern == scenario || pattern == name;
            return is_meant && std::count(options.begin(), options.end(), exception.option) != 0;
        });
    return found == exceptions_.end() ? Compared::kAll : found->compared;
}

}  // namespace millrace::parity
