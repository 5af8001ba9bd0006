// SPDX-License-Identifier: Apache-2.0
#include "millrace/testing/serde_check.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <set>

namespace millrace::testing::detail {
namespace {

constexpr BytesView kHeld = "held before";
constexpr BytesView kTrailing = "\x7f";
constexpr std::size_t kMostShown = 40;
constexpr std::size_t kMostPrefixes = 128;

std::string shown(BytesView bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const bool text = std::all_of(bytes.begin(), bytes.end(),
                                  [](char byte) { return byte >= ' ' && byte <= '~'; });
    std::string out = text ? "\"" : "0x";
    for (const char byte : bytes.substr(0, kMostShown)) {
        if (text) {
            out += byte;
        } else {
            out += kDigits[static_cast<unsigned char>(byte) / 16];
            out += kDigits[static_cast<unsigned char>(byte) % 16];
        }
    }
    out += bytes.size() > kMostShown ? "..." : "";
    return out + (text ? "\"" : "");
}

class Checker {
  public:
    explicit Checker(const SerdeProbe& probe) : probe_(&probe) {}

    std::vector<std::string> run() {
        for (std::size_t value = 0; value < probe_->values; ++value) {
            serialize(value);
        }
        for (std::size_t value = 0; value < probe_->values; ++value) {
            if (bytes_[value]) {
                round_trip(value);
                over_others(value);
                damaged(value);
            }
        }
        return std::move(findings_);
    }

  private:
    struct Outcome {
        std::optional<Bytes> bytes;
        std::string error;
    };

    void found(std::size_t value, const std::string& what) {
        findings_.push_back(
            "value " + std::to_string(value) +
            (bytes_.size() > value && bytes_[value] ? " (" + shown(*bytes_[value]) + ")" : "") +
            ": " + what);
    }

    // Runs `work`. Exceptions that handlers can catch are part of the outcome; others are findings.
    template <class Work>
    Outcome outcome(std::size_t value, const Work& work) {
        try {
            return {work(), ""};
        } catch (const std::exception& error) {
            return {std::nullopt, error.what()};
        } catch (...) {
            found(
                value,
                "throws an exception not derived from std::exception, which no handler can catch");
            return {std::nullopt, "not a std::exception"};
        }
    }

    Outcome appended(std::size_t value, BytesView held) {
        return outcome(value, [&] {
            Bytes out(held);
            probe_->append(value, out);
            return out;
        });
    }

    void serialize(std::size_t value) {
        const Outcome alone = appended(value, "");
        bytes_.push_back(alone.bytes);
        if (!alone.bytes) {
            found(value, "cannot be serialised: " + alone.error);
            return;
        }
        if (appended(value, "").bytes != alone.bytes) {
            found(value, "gives different bytes in a second call");
        }
        const Outcome behind = appended(value, kHeld);
        if (!behind.bytes || !behind.bytes->starts_with(kHeld)) {
            found(value, "serialize_to does not append: it overwrites the content of its buffer");
        } else if (behind.bytes->substr(kHeld.size()) != *alone.bytes) {
            found(value, "appends different bytes to a buffer that is not empty: " +
                             shown(behind.bytes->substr(kHeld.size())));
        }
        for (std::size_t other = 0; probe_->equal && other < value; ++other) {
            if (bytes_[other] && probe_->equal(value, other) && bytes_[other] != alone.bytes) {
                found(value, "equals value " + std::to_string(other) +
                                 " but gives different bytes: " + shown(*bytes_[other]));
            }
        }
    }

    void round_trip(std::size_t value) {
        const Bytes& bytes = *bytes_[value];
        const Outcome read = outcome(value, [&] { return probe_->read(bytes); });
        if (!read.bytes) {
            found(value, "cannot be deserialised: " + read.error);
        } else if (*read.bytes != bytes) {
            found(value,
                  "is deserialised as a different value, whose bytes are " + shown(*read.bytes));
        } else if (probe_->reads_as && !probe_->reads_as(value, bytes)) {
            found(value, "is deserialised as a value that is not equal");
        }
    }

    void over_others(std::size_t value) {
        const Bytes& bytes = *bytes_[value];
        for (std::size_t held = 0; held < probe_->values; ++held) {
            if (!bytes_[held] || held == value) {
                continue;
            }
            const Outcome fresh = outcome(value, [&] { return probe_->read(bytes); });
            const Outcome over =
                outcome(value, [&] { return probe_->read_over(*bytes_[held], bytes); });
            if (fresh.bytes && fresh.bytes != over.bytes) {
                found(value, "deserialize_into keeps parts of value " + std::to_string(held) +
                                 ", the previous value of its object" +
                                 (over.bytes ? ": gives " + shown(*over.bytes) : ""));
            }
        }
    }

    // Copies the bytes into memory of the exact size, so that sanitizers detect reads past the end.
    Outcome read_exactly(std::size_t value, BytesView bytes) {
        const auto memory = std::make_unique<char[]>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), memory.get());
        return outcome(value, [&] { return probe_->read(BytesView(memory.get(), bytes.size())); });
    }

    void damaged(std::size_t value) {
        const Bytes& bytes = *bytes_[value];
        if (!probe_->accepts_trailing_bytes) {
            const Bytes longer = bytes + Bytes(kTrailing);
            const Outcome read = read_exactly(value, longer);
            if (read.bytes && *read.bytes != longer) {
                found(value, "trailing bytes are ignored: " + shown(longer) + " is read as " +
                                 shown(*read.bytes));
            }
        }
        std::set<std::size_t> sizes;
        for (std::size_t step = 0; step < kMostPrefixes; ++step) {
            sizes.insert(bytes.size() <= kMostPrefixes ? step
                                                       : bytes.size() * step / kMostPrefixes);
        }
        for (const std::size_t size : sizes) {
            if (size >= bytes.size() || probe_->accepts_truncated_bytes) {
                return;
            }
            const BytesView cut = BytesView(bytes).substr(0, size);
            const Outcome read = read_exactly(value, cut);
            if (read.bytes && *read.bytes != cut) {
                found(value, "truncated bytes are accepted: the first " + std::to_string(size) +
                                 " of " + std::to_string(bytes.size()) + " are read as " +
                                 shown(*read.bytes));
                return;
            }
        }
    }

    const SerdeProbe* probe_;
    std::vector<std::optional<Bytes>> bytes_;
    std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> check(const SerdeProbe& probe) {
    if (probe.values == 0) {
        return {"no values were given, so nothing was checked"};
    }
    return Checker(probe).run();
}

}  // namespace millrace::testing::detail
