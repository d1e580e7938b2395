// join: gathers the accumulators of all gangs for one output beat, adds the bias,
// requantises and clamps. Tail pixels of a row are written as 0. Where a gang has several banks, its
// accumulators are their sum. Biases may have BIAS_FRAC binary places below the accumulators' unit.
#ifndef HASS_JOIN_HPP
#define HASS_JOIN_HPP

#include "hass/arith.hpp"
#include "hass/column.hpp"

namespace hass {

template <class J, class... In>
void join(const typename J::acc (&bias)[J::FOLDS][J::OUT_CH], const typename J::step (&steps)[J::FOLDS][J::OUT_CH], int images,
          hls::stream<typename J::out_beat>& out, In&... in) {
  constexpr int ENGINES = sizeof...(In), GANG = J::OUT_CH * J::BANKS / ENGINES;
  column<J::W, J::PX, J::FOLDS> at;
  int left = J::BEATS, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    const typename J::acc_beat part[ENGINES] = {in.read()...};  // in port order
    typename J::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
    for (int p = 0; p < J::PX; ++p) {
#pragma HLS UNROLL
      for (int o = 0; o < J::OUT_CH; ++o) {
#pragma HLS UNROLL
        typename J::acc sum = bias[at.channel][o];
        for (int b = 0; b < J::BANKS; ++b) {
#pragma HLS UNROLL
          sum = add_acc(sum, part[o / GANG * J::BANKS + b].v[p * GANG + o % GANG].to_int64() * (std::int64_t{1} << J::BIAS_FRAC));
        }
        const std::int64_t q = requant_step<J::SHIFT, J::STEPS>(sum.to_int64(), steps[at.channel][o].to_int(), J::ROUNDING, J::LO, J::HI);
        y.v[p * J::OUT_CH + o] = at.inside(p) ? q : std::int64_t{0};
      }
    }
    HASS_CHECK(y);
    out.write(y);
    at.next();
    if (--left == 0) {
      left = J::BEATS;
      ++image;
    }
  }
}

}  // namespace hass

#endif
