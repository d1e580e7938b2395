// The main program of a hierarchical build (HIER=1). Verilator itself would write one for each block.
#include "Vhass_tb.h"
#include "verilated.h"

#include <memory>

int main(int argc, char** argv) {
    const std::unique_ptr<VerilatedContext> context{new VerilatedContext};
    context->commandArgs(argc, argv);
    const std::unique_ptr<Vhass_tb> top{new Vhass_tb{context.get()}};
    while (!context->gotFinish()) {
        top->eval();
        if (!top->eventsPending()) break;
        context->time(top->nextTimeSlot());
    }
    top->final();
    return 0;
}
