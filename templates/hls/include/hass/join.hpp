// join: gathers the accumulators of all gangs for one output beat, adds the bias,
// requantises and clamps. Tail pixels of a row are written as 0. The accumulators of a gang's banks are
// added. Biases may have BIAS_FRAC fractional bits below the accumulators' unit.
//
// There are three forms of requantisation: a shift; a multiplier and a shift, where the multiplier is MUL or, if that is 0,
// the channel's own; or, in join_levels, thresholds, which include the bias.
//
// A beat takes TURNS cycles, so that the scheduler lets TURNS lanes share a multiplier.
#ifndef HASS_JOIN_HPP
#define HASS_JOIN_HPP

#include "hass/arith.hpp"
#include "hass/column.hpp"

namespace hass {

// gather adds the token of engine k, in units of 2^-FRAC, to the sums of its gang's lanes. All lanes are constants after inlining and
// unrolling.
template <class J, int GANG, int FRAC, class in_fifo> void gather(int k, in_fifo& in, typename J::acc (&sum)[J::PX * J::OUT_CH]) {
#pragma HLS INLINE
  const typename J::acc_beat part = in.read();
#pragma HLS ARRAY_PARTITION variable = part.v complete
  for (int p = 0; p < J::PX; ++p) {
#pragma HLS UNROLL
    for (int i = 0; i < GANG; ++i) {
#pragma HLS UNROLL
      typename J::acc& s = sum[p * J::OUT_CH + k / J::BANKS * GANG + i];
      s = add_acc(s, part.v[p * GANG + i].to_int64() * (std::int64_t{1} << FRAC));
    }
  }
}

// Requantises a sum by a shift, or by a multiplier and a shift.
template <class J, bool MULTIPLY> struct rescale {
  static exact_int<J::ACC_BITS> of(std::int64_t sum, int step) {
#pragma HLS INLINE
    return requant_step<J::SHIFT, J::STEPS>(static_cast<exact_int<J::ACC_BITS>>(sum), step, J::ROUNDING, J::LO, J::HI);
  }
};
template <class J> struct rescale<J, true> {
  static exact_int<J::ACC_BITS + J::MUL_BITS> of(std::int64_t sum, int factor) {
#pragma HLS INLINE
    return requant(exact<J::ACC_BITS + J::MUL_BITS>(sum * (J::MUL != 0 ? J::MUL : factor)), J::SHIFT, J::ROUNDING, J::LO, J::HI);
  }
};

template <class J, class... In>
void join(const typename J::acc (&bias)[J::FOLDS][J::OUT_CH], const typename J::scale (&scales)[J::FOLDS][J::OUT_CH], int images,
          hls::stream<typename J::out_beat>& out, In&... in) {
  constexpr int GANG = J::OUT_CH * J::BANKS / static_cast<int>(sizeof...(In));
  column<J::W, J::PX, J::FOLDS> at;
  int left = J::BEATS, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = J::TURNS style = flp
    typename J::acc sum[J::PX * J::OUT_CH];
#pragma HLS ARRAY_PARTITION variable = sum complete
    for (int i = 0; i < J::PX * J::OUT_CH; ++i) {
#pragma HLS UNROLL
      sum[i] = bias[at.channel][i % J::OUT_CH];
    }
    int k = 0;
    const int in_order[] = {(gather<J, GANG, J::BIAS_FRAC>(k++, in, sum), 0)...};
    (void)in_order;
    typename J::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
    for (int p = 0; p < J::PX; ++p) {
#pragma HLS UNROLL
      for (int o = 0; o < J::OUT_CH; ++o) {
#pragma HLS UNROLL
        const auto q = rescale<J, J::MULTIPLY>::of(sum[p * J::OUT_CH + o].to_int64(), scales[at.channel][o].to_int());
        y.v[p * J::OUT_CH + o] = at.inside(p) ? q : 0;
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
  constexpr int GANG = J::OUT_CH * J::BANKS / static_cast<int>(sizeof...(In));
  column<J::W, J::PX, J::FOLDS> at;
  int left = J::BEATS, image = 0;
  while (image < images) {
#pragma HLS PIPELINE II = 1 style = flp
    typename J::acc sum[J::PX * J::OUT_CH];
#pragma HLS ARRAY_PARTITION variable = sum complete
    for (int i = 0; i < J::PX * J::OUT_CH; ++i) {
#pragma HLS UNROLL
      sum[i] = 0;
    }
    int k = 0;
    const int in_order[] = {(gather<J, GANG, 0>(k++, in, sum), 0)...};
    (void)in_order;
    typename J::out_beat y;
#pragma HLS ARRAY_PARTITION variable = y.v complete
    for (int p = 0; p < J::PX; ++p) {
#pragma HLS UNROLL
      for (int o = 0; o < J::OUT_CH; ++o) {
#pragma HLS UNROLL
        int q = static_cast<int>(J::LO);
        for (int t = 0; t < J::LEVELS; ++t) {
#pragma HLS UNROLL
          q += sum[p * J::OUT_CH + o].to_int64() >= thresholds[at.channel][o][t].to_int64() ? 1 : 0;
        }
        y.v[p * J::OUT_CH + o] = at.inside(p) ? q : 0;
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
