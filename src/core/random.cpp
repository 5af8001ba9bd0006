// SPDX-License-Identifier: Apache-2.0
#include "core/random.hpp"

#include "core/simulator.hpp"
#include "core/thread_annotations.hpp"

#include <random>

namespace millrace {
namespace {

class SystemRandom final : public Random {
  public:
    std::uint64_t next() override {
        const MutexLock lock(mutex_);
        return engine_();
    }

  private:
    Mutex mutex_;
    std::mt19937_64 engine_ MILLRACE_GUARDED_BY(mutex_){[] {
        std::random_device device;
        return (std::uint64_t{device()} << 32) | device();
    }()};
};

}  // namespace

Random& system_random() {
    static SystemRandom random;
    return simulator != nullptr ? simulator->random() : random;
}

std::string random_uuid(Random& random) {
    // RFC 9562: version 4 in the upper half, variant 10 in the lower.
    const std::uint64_t high = (random.next() & ~std::uint64_t{0xf000}) | 0x4000;
    const std::uint64_t low =
        (random.next() & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (int nibble = 0; nibble < 32; ++nibble) {
        if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) {
            text.push_back('-');
        }
        const std::uint64_t half = nibble < 16 ? high : low;
        text.push_back(kDigits[(half >> (60 - 4 * (nibble % 16))) & 0xf]);
    }
    return text;
}

}  // namespace millrace
