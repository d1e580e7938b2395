// join: gathers the accumulators of all gangs for one output beat, adds the bias,
// requantises and clamps. Tail pixels of a row are written as 0. Where a gang has several banks, its
// accumulators are their sum. Biases may have BIAS_FRAC binary places below the accumulators' unit.
//
// It requantises by a shift; by a multiplier before the shift, MUL or, if that is 0, the channel's own; or (join_levels)
// by thresholds, which contain the bias.
#ifndef HASS_JOIN_HPP
#define HASS_JOIN_HPP

#include "hass/arith.hpp"
#include "hass/column.hpp"

namespace hass {

// What a sum becomes by a shift, or by a multiplier and a shift.
template <class J, bool MULTIPLY> struct rescale {
  static std::int64_t of(std::int64_t sum, int step) { return requant_step<J::SHIFT, J::STEPS>(sum, step, J::ROUNDING, J::LO, J::HI); }
};
template <class J> struct rescale<J, true> {
  static std::int64_t of(std::int64_t sum, int factor) { return requant(sum * (J::MUL != 0 ? J::MUL : factor), J::SHIFT, J::ROUNDING, J::LO, J::HI); }
};

template <class J, class... In>
void join(const typename J::acc (&bias)[J::FOLDS][J::OUT_CH], const typename J::scale (&scales)[J::FOLDS][J::OUT_CH], int images,
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
        const std::int64_t q = rescale<J, J::MULTIPLY>::of(sum.to_int64(), scales[at.channel][o].to_int());
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

template <class J, class... In>
void join_levels(const typename J::acc (&thresholds)[J::FOLDS][J::OUT_CH][J::LEVELS], int images, hls::stream<typename J::out_beat>& out, In&... in) {
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
        typename J::acc sum = 0;
        for (int b = 0; b < J::BANKS; ++b) {
#pragma HLS UNROLL
          sum = add_acc(sum, part[o / GANG * J::BANKS + b].v[p * GANG + o % GANG].to_int64());
        }
        std::int64_t q = J::LO;
        for (int k = 0; k < J::LEVELS; ++k) {
#pragma HLS UNROLL
          q += sum >= thresholds[at.channel][o][k] ? 1 : 0;
        }
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
