// error: but does not override
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

struct Payment {};

class PaymentSerde final : public millrace::CustomSerde<Payment> {
  public:
    void serialize(const Payment&, millrace::Bytes& out) const override { out = "payment"; }
    void deserialize(millrace::BytesView, Payment&) const override {}
};

int main() {}
