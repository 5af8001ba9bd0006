// error: use of deleted function
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

class Shout final : public millrace::Processor<std::string, std::string, std::string, std::string> {
    void process(const millrace::Record<std::string, std::string>& record) override {
        // The value is destroyed at the end of the statement.
        const millrace::Record<std::string, std::string> loud =
            record.with_value(record.value + "!");
        context().forward(loud);
    }
};

int main() {
    Shout shout;
}
