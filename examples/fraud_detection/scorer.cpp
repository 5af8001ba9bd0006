// SPDX-License-Identifier: Apache-2.0
#include "scorer.hpp"

#include <xgboost/c_api.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace fraud {

namespace {

void check(int status) {
    if (status != 0) {
        throw std::runtime_error(std::string("XGBoost: ") + XGBGetLastError());
    }
}

struct FreeBooster {
    void operator()(BoosterHandle booster) const noexcept { XGBoosterFree(booster); }
};
using Booster = std::unique_ptr<void, FreeBooster>;

Booster load_booster(const std::string& model) {
    BoosterHandle handle = nullptr;
    check(XGBoosterCreate(nullptr, 0, &handle));
    Booster booster(handle);
    check(XGBoosterLoadModelFromBuffer(handle, model.data(), model.size()));
    // One row at a time: starting threads would cost more than evaluating the trees.
    check(XGBoosterSetParam(handle, "nthread", "1"));
    return booster;
}

void check_features(BoosterHandle booster) {
    bst_ulong count = 0;
    const char** names = nullptr;
    check(XGBoosterGetStrFeatureInfo(booster, "feature_name", &count, &names));
    bool same = count == kFeatureNames.size();
    for (std::size_t i = 0; same && i < kFeatureNames.size(); ++i) {
        same = std::string_view(names[i]) == kFeatureNames[i];
    }
    if (!same) {
        throw std::runtime_error("the model was trained on other features; run train.py again");
    }
}

float read_threshold(BoosterHandle booster) {
    const char* text = nullptr;
    int found = 0;
    check(XGBoosterGetAttr(booster, "threshold", &text, &found));
    const float threshold = found != 0 ? std::strtof(text, nullptr) : 0;
    if (!(threshold > 0 && threshold < 1)) {
        throw std::runtime_error("the model has no attribute 'threshold' between 0 and 1");
    }
    return threshold;
}

}  // namespace

// Must not move: `row_description` contains the address of `row`.
struct Scorer::Loaded {
    explicit Loaded(const std::string& model) : booster(load_booster(model)) {
        check_features(booster.get());
        threshold = read_threshold(booster.get());
        row_description = R"({"data":[)" +
                          std::to_string(reinterpret_cast<std::uintptr_t>(row.data())) +
                          R"(,true],"shape":[1,)" + std::to_string(row.size()) +
                          R"(],"typestr":"<f4","version":3})";
    }
    Loaded(const Loaded&) = delete;
    Loaded& operator=(const Loaded&) = delete;
    ~Loaded() = default;

    Booster booster;
    float threshold = 0;
    Features row{};
    std::string row_description;
};

Scorer::Scorer(std::string_view model)
    : model_(std::make_shared<const std::string>(model)),
      loaded_(std::make_unique<Loaded>(*model_)) {}

Scorer::Scorer(const Scorer& other)
    : model_(other.model_), loaded_(std::make_unique<Loaded>(*model_)) {}

Scorer::Scorer(Scorer&&) noexcept = default;

Scorer& Scorer::operator=(Scorer other) noexcept {
    std::swap(model_, other.model_);
    std::swap(loaded_, other.loaded_);
    return *this;
}

Scorer::~Scorer() = default;

float Scorer::score(const Features& features) const {
    static constexpr const char* kConfig =
        R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,)"
        R"("strict_shape":false,"cache_id":0,"missing":NaN})";
    loaded_->row = features;
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* result = nullptr;
    check(XGBoosterPredictFromDense(loaded_->booster.get(), loaded_->row_description.c_str(),
                                    kConfig, nullptr, &shape, &dimensions, &result));
    if (dimensions == 0 || shape[0] != 1) {
        throw std::runtime_error("XGBoost: expected one score for one payment");
    }
    return result[0];
}

float Scorer::threshold() const {
    return loaded_->threshold;
}

}  // namespace fraud
