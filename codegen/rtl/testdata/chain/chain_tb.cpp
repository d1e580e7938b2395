// Drives hass_chain and compares every sum with integers of 64 bits. The macros BANKS, PX, FIELD, X_BITS, X_SIGNED, WORDS
// and ACC are the module's parameters; its weights have 8 bits.
//
//   chain_tb all STEP      every pair of activations with every STEP-th weight
//   chain_tb edge LIMIT N  N windows of random rows whose positive and negative weights sum to LIMIT at most
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <queue>
#include <random>
#include <vector>

#include "Vhass_chain.h"

static const long LO = X_SIGNED ? -(1L << (X_BITS - 1)) : 0;
static const long HI = LO + (1L << X_BITS) - 1;

// The ports are integers or arrays of words, as wide as they need to be.
template <class T> static void put(T &port, int at, int bits, long value) {
    unsigned char *bytes = reinterpret_cast<unsigned char *>(&port);
    for (int i = 0; i < bits; i++) {
        unsigned char &b = bytes[(at + i) / 8];
        b = (b & ~(1u << ((at + i) % 8))) | (unsigned(value >> i & 1) << ((at + i) % 8));
    }
}
template <class T> static long get(T &port, int at, int bits) {
    const unsigned char *bytes = reinterpret_cast<const unsigned char *>(&port);
    unsigned long v = 0;
    for (int i = 0; i < bits; i++) v |= (unsigned long)(bytes[(at + i) / 8] >> ((at + i) % 8) & 1) << i;
    return long(v << (64 - bits)) >> (64 - bits);
}

static Vhass_chain m;
static std::queue<std::vector<long>> due;
static unsigned long sums, wrong;

static void tick() {
    m.clk = 0;
    m.eval();
    if (m.push) {
        if (due.empty()) {
            wrong++;
        } else {
            for (int p = 0; p < PX; p++) wrong += get(m.sums, p * ACC, ACC) != due.front()[p];
            due.pop();
        }
        sums += PX;
    }
    m.clk = 1;
    m.eval();
}

int main(int argc, char **argv) {
    const int ADDRESS = WORDS < 2 ? 1 : 32 - __builtin_clz(WORDS - 1);
    std::mt19937 rng(1);
    std::vector<long> x(BANKS * WORDS * PX), total(PX, 0);
    auto word = [&](int half, int bank, int at) {
        m.write = 1;
        m.to_half = half;
        m.to_bank = bank;
        m.to = at;
        for (int p = 0; p < PX; p++) put(m.data, p * X_BITS, X_BITS, x[(bank * WORDS + at) * PX + p]);
        tick();
        m.write = 0;
    };
    auto row = [&](int half, const std::vector<long> &w, const std::vector<int> &from, bool last) {
        m.row = 1;
        m.half = half;
        m.last = last;
        for (int b = 0; b < BANKS; b++) {
            put(m.w, b * 8, 8, w[b]);
            put(m.from, b * ADDRESS, ADDRESS, from[b]);
            for (int p = 0; p < PX; p++) total[p] += w[b] * x[(b * WORDS + from[b]) * PX + p];
        }
        if (last) {
            due.push(total);
            total.assign(PX, 0);
        }
        tick();
        m.row = 0;
    };
    m.rst = 1;
    m.row = m.write = 0;
    for (int i = 0; i < BANKS + 8; i++) tick();
    m.rst = 0;
    if (argc > 2 && !strcmp(argv[1], "all")) {
        const long step = atol(argv[2]);
        int half = 0;
        for (long a = LO; a <= HI; a++) {
            for (long b = LO; b <= HI; b++, half ^= 1) {
                for (int p = 0; p < PX; p++) x[p] = p % 2 ? b : a;
                word(half, 0, 0);
                for (long w = -128; w < 128; w += step) row(half, {w}, {0}, true);
            }
        }
    } else if (argc > 3 && !strcmp(argv[1], "edge")) {
        const long limit = atol(argv[2]), windows = atol(argv[3]);
        for (long n = 0; n < windows; n++) {
            const int half = n % 2;
            const int fill = rng() % 4;  // all of them the largest, the least, or a mixture
            for (auto &v : x) v = fill == 0 ? HI : fill == 1 ? LO : rng() % 2 ? LO + long(rng() % (HI - LO + 1)) : rng() % 2 ? HI : LO;
            for (int b = 0; b < BANKS; b++)
                for (int at = 0; at < WORDS; at++) word(half, b, at);
            for (int r = 0; r < 24; r++) {
                std::vector<long> w(BANKS);
                std::vector<int> from(BANKS);
                long pos = 0, neg = 0;
                const int mode = rng() % 3;
                for (int i = 0, b = rng() % BANKS; i < BANKS; i++, b = (b + 1) % BANKS) {
                    long v = mode == 2 ? long(rng() % 256) - 128 : rng() % 3 ? 127 : rng() % 128;
                    if (mode == 1) v = -v - long(rng() % 2);
                    // What is left of the limit; where activations have both signs, both sums share it.
                    const long room = X_SIGNED ? limit - pos - neg : limit - (v > 0 ? pos : neg);
                    if (v > room) v = room;
                    if (v < -room) v = -room;
                    (v > 0 ? pos : neg) += v > 0 ? v : -v;
                    w[b] = v;
                    from[b] = rng() % WORDS;
                }
                row(half, w, from, r == 23 || rng() % 5 == 0);
                if (rng() % 7 == 0) tick();
            }
            for (int i = 0; i < BANKS; i++) tick();
        }
    } else {
        return 2;
    }
    for (int i = 0; i < BANKS + 8; i++) tick();
    printf("%lu sums, %lu wrong, %zu missing\n", sums, wrong, due.size());
    return 0;
}
