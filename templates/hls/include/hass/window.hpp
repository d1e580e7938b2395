// window: the line buffer of a layer. It takes the input stream pixel by pixel. It sends the
// window of every group of OUT_PX output pixels FOLDS times, in beats of M_TAP taps by
// M_CH channels; if CHANNELWISE, it sends the window once, with all taps of a channel group
// together. With GROUPS, a fold gets only the channels of its own group. Padding is
// inserted on the fly.
//
// It is one flattened loop. An iteration makes two decisions, both on the state before it:
//
//   accept the beat at pixel q   iff  q + IN_PX <= virt + LINE_PIXELS and the input is not ahead of its
//                                     even pace (credit > 0), or all output is emitted
//   emit a window beat           iff  q > need and, if PACE_EMIT > PACE_ACCEPT, the output is not ahead
//                                     of its pace (credit <= PACE_EMIT), or nothing is accepted
//
// virt is the stream index of the upper left pixel of the current unclipped window, but at most the
// end of its row and of the image. need is the stream index of the last pixel that the window touches.
// All indices are counted from the first pixel of the image being emitted. All state is in counters: there
// is no division except by constants.
//
// The results of the comparisons are registers. An iteration computes them for each possible next state, and its
// decisions select among them at its end. So no carry chain lies between one decision and the next. This needs the
// bounds of the next group, and the position of the group after that.
//
// The buffer stores ROWS rows in ROW_BANKS x COL_BANKS banks: the pixel of slot s and
// column x is in bank (s mod ROW_BANKS, x mod COL_BANKS). Each bank has one read and one
// write port. A word holds LANES channels of one pixel.
#ifndef HASS_WINDOW_HPP
#define HASS_WINDOW_HPP

#include <cstdint>
#include <type_traits>

#include "hass/bits.hpp"

namespace hass {

constexpr int div_up(int a, int b) { return (a + b - 1) / b; }
constexpr int floor_mod(int a, int b) { return (a % b + b) % b; }
constexpr int floor_div(int a, int b) { return (a - floor_mod(a, b)) / b; }
constexpr int max_of(int a, int b) { return a > b ? a : b; }
constexpr int min_of(int a, int b) { return a < b ? a : b; }

// A position in banked storage: bank + address / UNIT * BANKS, wrapping at SIZE addresses
// (SIZE 0: never). Addresses are in words; a step is UNIT words.
template <int BANKS, int SIZE, int UNIT, class T> struct banked {
  T bank, address;
  static constexpr banked at(int position) { return {static_cast<T>(floor_mod(position, BANKS)), static_cast<T>(floor_div(position, BANKS) * UNIT)}; }
  // on gives the position STEP further. STEP is a positive constant, below BANKS * SIZE if positions wrap.
  template <int STEP> banked on() const {
#pragma HLS INLINE
    constexpr int INSIDE = STEP % BANKS, WHOLE = STEP / BANKS * UNIT, END = SIZE * UNIT;
    const bool over = INSIDE > 0 && bank >= BANKS - INSIDE;
    const T near = static_cast<T>(SIZE > 0 && address >= END - WHOLE ? address + (WHOLE - END) : address + WHOLE);
    const T far = static_cast<T>(SIZE > 0 && address >= END - WHOLE - UNIT ? address + (WHOLE + UNIT - END) : address + (WHOLE + UNIT));
    return {static_cast<T>(over ? bank + (INSIDE - BANKS) : bank + INSIDE), over ? far : near};
  }
};

// late_select selects one of four results by two decisions, which arrive late.
template <class T> T late_select(bool first, bool second, T neither, T only_first, T only_second, T both) {
#pragma HLS INLINE
  return first ? (second ? both : only_first) : (second ? only_second : neither);
}

template <class L> struct window_shape {
  static constexpr int ROW_PIXELS = div_up(L::W, L::IN_PX) * L::IN_PX;
  static constexpr int IMAGE_PIXELS = L::H * ROW_PIXELS;
  static constexpr int ROW_ADDRS = L::ROWS / L::ROW_BANKS;
  static constexpr int COL_ADDRS = div_up(ROW_PIXELS, L::COL_BANKS);
  static constexpr int WORDS = L::C / L::LANES;    // words per pixel
  static constexpr int IN_PARTS = L::LANES / L::IN_CH;
  static constexpr int OUT_PARTS = L::LANES / L::M_CH;
  static constexpr int FOLD_BEATS = L::C / L::GROUPS / L::M_CH;  // channel beats per fold
  static constexpr int GROUP_FOLDS = L::FOLDS / L::GROUPS;
  static constexpr int BANKS = L::ROW_BANKS * L::COL_BANKS;
  static constexpr int DEPTH = ROW_ADDRS * COL_ADDRS * WORDS;
  static constexpr int TAP_ROWS = L::M_TAP > L::KW ? L::M_TAP / L::KW : 1;
  static constexpr int TAP_COLS = L::M_TAP > L::KW ? L::KW : L::M_TAP;
  static constexpr int GROUPS = div_up(L::OW, L::OUT_PX);  // per output row
  static constexpr int EXT_H = (L::KH - 1) * L::DH + 1;
  static constexpr int EXT_W = (L::KW - 1) * L::DW + 1;
  static constexpr int STEP_X = L::OUT_PX * L::SW;  // pixels between two groups
  static_assert(L::ROWS % L::ROW_BANKS == 0, "rows are a multiple of their banks");
  static_assert(L::ROWS * ROW_PIXELS >= L::LINE_PIXELS, "the buffer holds the pixels that it accepts");
  static_assert(L::C % L::LANES == 0 && L::LANES % L::IN_CH == 0 && L::LANES % L::M_CH == 0, "channels fill words");
  static_assert(L::C % L::GROUPS == 0 && L::FOLDS % L::GROUPS == 0 && (L::GROUPS == 1 || !L::CHANNELWISE), "groups share channels and folds evenly");
  static_assert(L::COL_BANKS >= L::IN_PX && L::COL_BANKS >= (L::OUT_PX - 1) * L::SW + (TAP_COLS - 1) * L::DW + 1, "a beat needs one word of a bank");
  static_assert(L::ROW_BANKS >= (TAP_ROWS - 1) * L::DH + 1, "a beat needs one word of a bank");
};

// The position of a group in an image, and the bounds of its windows.
template <class L> struct group_position {
  using S = window_shape<L>;
  static constexpr int FIRST_LAST_X = (L::OUT_PX - 1) * L::SW - L::PL + S::EXT_W - 1;
  static constexpr int LAST_COL = min_of(L::W - 1, (L::OW - 1) * L::SW - L::PL + S::EXT_W - 1);
  static constexpr bool RIGHT_OF_MAP = (S::GROUPS - 1) * S::STEP_X - L::PL > S::ROW_PIXELS;  // some window lies right of the map
  static constexpr bool BELOW_MAP = (L::OH - 1) * L::SH - L::PT >= L::H;
  int row = 0, group = 0;
  int y_pixels = -L::PT * S::ROW_PIXELS, x = -L::PL;  // the corner
  int last_x = FIRST_LAST_X;                          // last column of the group's windows, unclipped

  bool starts_image() const { return row == 0 && group == 0; }

  // The last pixel that the windows touch.
  int need() const {
    const int last_row = min_of(y_pixels + (S::EXT_H - 1) * S::ROW_PIXELS, (L::H - 1) * S::ROW_PIXELS);
    return last_row + min_of(last_x, LAST_COL);
  }

  // The last pixel whose beat may be accepted.
  int limit() const {
    const int corner = y_pixels + (RIGHT_OF_MAP ? min_of(x, S::ROW_PIXELS) : x);
    return (BELOW_MAP && (y_pixels > S::IMAGE_PIXELS || corner > S::IMAGE_PIXELS) ? S::IMAGE_PIXELS : corner) + L::LINE_PIXELS - L::IN_PX;
  }

  void next() {
    if (group < S::GROUPS - 1) {
      ++group;
      x += S::STEP_X;
      last_x += S::STEP_X;
    } else {
      group = 0;
      x = -L::PL;
      last_x = FIRST_LAST_X;
      if (row < L::OH - 1) {
        ++row;
        y_pixels += L::SH * S::ROW_PIXELS;
      } else {
        row = 0;
        y_pixels = -L::PT * S::ROW_PIXELS;
      }
    }
  }
};

template <class L>
void window(typename L::element (&memory)[window_shape<L>::BANKS][window_shape<L>::DEPTH][L::LANES], int images,
            hls::stream<typename L::in_beat>& in, typename L::out_fifo& out) {
  using S = window_shape<L>;
  using element = typename L::element;
  constexpr int ROW_UNIT = S::COL_ADDRS * S::WORDS;  // words per row in a bank
  using index = native_int<2 + bits_for(S::DEPTH + S::BANKS + 2 * ROW_UNIT)>;
  using row_at = banked<L::ROW_BANKS, S::ROW_ADDRS, ROW_UNIT, index>;
  using col_at = banked<L::COL_BANKS, 0, S::WORDS, index>;
  constexpr int CB = L::COL_BANKS, RB = L::ROW_BANKS;
  constexpr int OY_STEP = L::SH % L::ROWS;                                        // slots between two output rows
  constexpr int IMAGE_STEP = floor_mod(L::H - (L::OH - 1) * L::SH, L::ROWS);      // slots between two images
  constexpr int TAP_STEP = S::TAP_ROWS * L::DH % L::ROWS;

  // Input side: the next beat. q is its first pixel, counted from the first pixel of the image
  // being emitted.
  int q = 0, in_image = 0, in_row = 0, in_x = 0, in_word = 0, in_part = 0;
  row_at in_slot = row_at::at(0);
  col_at in_col = col_at::at(0);
  element gather[L::IN_PX][L::LANES];
#pragma HLS ARRAY_PARTITION variable = gather complete dim = 0

  // Output side: group (image, row, first column), its window's corner (y, x), and the beat.
  int out_image = 0, out_row = 0, out_group = 0;
  int y = -L::PT, x = -L::PL;
  row_at top = row_at::at(floor_mod(-L::PT, L::ROWS));
  col_at corner = col_at::at(-L::PL);
  int kh = 0, kw = 0, tap_y = 0, tap_x = 0;
  row_at tap_row = top;
  col_at tap_col = corner;
  // The group of channels, the fold within it, the beat's channels, and the first channels of the group.
  int group = 0, fold = 0, channel = 0, word = 0, part = 0, first_word = 0, first_part = 0;

  // The even pace: after A accepted input beats and E emitted window beats,
  // credit = PACE_START + E * PACE_EMIT - A * PACE_ACCEPT.
  using pace = typename std::conditional<(L::PACE_START < (std::int64_t{1} << 30)), std::int32_t, std::int64_t>::type;
  pace credit = static_cast<pace>(L::PACE_START);

  // Bounds of the current and of the next group, counted from the image of the current one; and the group after that.
  group_position<L> later;
  int need = later.need(), limit = later.limit();
  later.next();
  bool next_starts = later.starts_image();
  int next_need = later.need() + (next_starts ? S::IMAGE_PIXELS : 0), next_limit = later.limit() + (next_starts ? S::IMAGE_PIXELS : 0);
  later.next();

  // The comparisons.
  bool arrives = images > 0, emitted = images <= 0;  // more input beats will come; all output is emitted
  bool ready = q > need, fits = q <= limit, due = credit > 0, ahead = L::PACE_EMIT > L::PACE_ACCEPT && credit > L::PACE_EMIT;

  bool done = images <= 0;
  while (!done) {
#pragma HLS PIPELINE II = 1 style = flp
    const bool accept = arrives && (emitted || (due && fits));
    const bool emit = !emitted && ready && !(ahead && accept);
    HASS_ASSERT(accept || emit, "the line buffer can neither accept nor emit");

    typename L::in_beat pixels{};
#pragma HLS ARRAY_PARTITION variable = pixels.v complete
    if (accept) pixels = in.read();

    // Read one word of every bank, then select the word of each lane.
    element bank[S::BANKS][L::M_CH];
#pragma HLS ARRAY_PARTITION variable = bank complete dim = 0
    typename L::out_beat beat{};
#pragma HLS ARRAY_PARTITION variable = beat.v complete
    if (emit) {
      for (int r = 0; r < RB; ++r) {
#pragma HLS UNROLL
        for (int b = 0; b < CB; ++b) {
#pragma HLS UNROLL
          const int row = tap_row.address + (r < tap_row.bank ? ROW_UNIT : 0);
          const int col = tap_col.address + (b < tap_col.bank ? S::WORDS : 0);
          const bool stored = col >= 0 && col < ROW_UNIT;
          const int address = (row == S::ROW_ADDRS * ROW_UNIT ? 0 : row) + (stored ? col : 0) + word;
          for (int c = 0; c < L::M_CH; ++c) {
#pragma HLS UNROLL
            bank[r * CB + b][c] = memory[r * CB + b][address][part * L::M_CH + c];
          }
        }
      }
      for (int p = 0; p < L::OUT_PX; ++p) {
#pragma HLS UNROLL
        for (int t = 0; t < L::M_TAP; ++t) {
#pragma HLS UNROLL
          const int down = t / S::TAP_COLS * L::DH, right = p * L::SW + t % S::TAP_COLS * L::DW;
          const int iy = y + tap_y + down, ix = x + tap_x + right;
          const bool inside = iy >= 0 && iy < L::H && ix >= 0 && ix < L::W;
          const bool tail = L::OW % L::OUT_PX != 0 && out_group == S::GROUPS - 1 && p >= L::OW % L::OUT_PX;
          const int r = tap_row.bank + down >= RB ? tap_row.bank + down - RB : tap_row.bank + down;
          const int b = tap_col.bank + right >= CB ? tap_col.bank + right - CB : tap_col.bank + right;
          for (int c = 0; c < L::M_CH; ++c) {
#pragma HLS UNROLL
            const int lane = (p * L::M_TAP + t) * L::M_CH + c;
            if (tail) {
              beat.v[lane] = 0;
            } else if (inside) {
              beat.v[lane] = bank[r * CB + b][c];
            } else {
              beat.v[lane] = L::PAD;
            }
          }
        }
      }
    }

    bool pixel_in = false;  // the beat completes its pixels
    if (accept) {
      for (int p = 0; p < L::IN_PX; ++p) {
#pragma HLS UNROLL
        for (int c = 0; c < L::LANES; ++c) {
#pragma HLS UNROLL
          if (c / L::IN_CH == in_part) {
            const element v = pixels.v[p * L::IN_CH + c % L::IN_CH];
            const int n = v.to_int();
            gather[p][c] = n < L::TAU && -n < L::TAU ? element(0) : v;
          }
        }
      }
      if (in_part < S::IN_PARTS - 1) {
        ++in_part;
      } else {
        in_part = 0;
        for (int r = 0; r < RB; ++r) {
#pragma HLS UNROLL
          for (int b = 0; b < CB; ++b) {
#pragma HLS UNROLL
            const int p = b < in_col.bank ? b - in_col.bank + CB : b - in_col.bank;
            const int col = in_col.address + (b < in_col.bank ? S::WORDS : 0);
            const int address = in_slot.address + col + in_word;
            if (r == in_slot.bank && p < L::IN_PX) {
              for (int c = 0; c < L::LANES; ++c) {
#pragma HLS UNROLL
                memory[r * CB + b][address][c] = gather[p][c];
              }
            }
          }
        }
        if (in_word < S::WORDS - 1) {
          ++in_word;
        } else {
          in_word = 0;
          pixel_in = true;
          in_x += L::IN_PX;
          if (in_x < S::ROW_PIXELS) {
            in_col = in_col.template on<L::IN_PX>();
          } else {
            in_x = 0;
            in_col = col_at::at(0);
            in_slot = in_slot.template on<1 % L::ROWS>();
            if (in_row < L::H - 1) {
              ++in_row;
            } else {
              in_row = 0;
              ++in_image;
              arrives = in_image != images;
            }
          }
        }
      }
    }

    bool group_out = false;  // the beat is the last of its group
    if (emit) {
      out.write(beat);
      // The next beat: channels are innermost and folds outermost; if CHANNELWISE, taps are innermost.
      const bool last_channel = channel == S::FOLD_BEATS - 1;
      const bool last_tap_col = kw == L::KW - S::TAP_COLS;
      const bool last_tap = last_tap_col && kh == L::KH - S::TAP_ROWS;
      const bool next_tap = L::CHANNELWISE || last_channel;
      const bool next_channel = !L::CHANNELWISE || last_tap;
      const bool next_fold = last_channel && last_tap;
      const bool next_channels = next_fold && fold == S::GROUP_FOLDS - 1;
      const bool next_group = next_channels && group == L::GROUPS - 1;
      if (next_channel) {
        channel = last_channel ? 0 : channel + 1;
        if (L::GROUPS > 1 && last_channel && !next_channels) {
          word = first_word;
          part = first_part;
        } else if (part < S::OUT_PARTS - 1) {
          ++part;
        } else {
          part = 0;
          word = word < S::WORDS - 1 ? word + 1 : 0;
        }
      }
      if (next_fold) fold = fold == S::GROUP_FOLDS - 1 ? 0 : fold + 1;
      if (next_channels) {
        group = group == L::GROUPS - 1 ? 0 : group + 1;
        first_word = word;
        first_part = part;
      }
      group_out = next_group;
      const bool row_out = group_out && out_group == S::GROUPS - 1, map_out = row_out && out_row == L::OH - 1;
      const col_at corner_after = row_out ? col_at::at(-L::PL) : group_out ? corner.template on<S::STEP_X>() : corner;
      const row_at top_after = map_out ? top.template on<IMAGE_STEP>() : row_out ? top.template on<OY_STEP>() : top;
      if (group_out) {
        out_group = row_out ? 0 : out_group + 1;
        x = row_out ? -L::PL : x + S::STEP_X;
      }
      if (row_out) {
        out_row = map_out ? 0 : out_row + 1;
        y = map_out ? -L::PT : y + L::SH;
      }
      if (map_out) {
        ++out_image;
        emitted = out_image == images;
      }
      if (next_tap && last_tap_col) {
        tap_row = last_tap ? top_after : tap_row.template on<TAP_STEP>();
        kh = last_tap ? 0 : kh + S::TAP_ROWS;
        tap_y = last_tap ? 0 : tap_y + S::TAP_ROWS * L::DH;
      }
      if (next_tap) {
        tap_col = last_tap_col ? corner_after : tap_col.template on<S::TAP_COLS * L::DW>();
        kw = last_tap_col ? 0 : kw + S::TAP_COLS;
        tap_x = last_tap_col ? 0 : tap_x + S::TAP_COLS * L::DW;
      }
      corner = corner_after;
      top = top_after;
    }
    // The state after this iteration.
    const int moved = q + L::IN_PX;
    ready = late_select(pixel_in, group_out, q > need, moved > need, q > next_need, moved > next_need);
    fits = late_select(pixel_in, group_out, q <= limit, moved <= limit, q <= next_limit, moved <= next_limit);
    const bool image_out = group_out && next_starts;
    q = late_select(pixel_in, image_out, q, moved, q - S::IMAGE_PIXELS, q + (L::IN_PX - S::IMAGE_PIXELS));
    if (group_out) {
      need = next_starts ? next_need - S::IMAGE_PIXELS : next_need;
      limit = next_starts ? next_limit - S::IMAGE_PIXELS : next_limit;
      next_starts = later.starts_image();
      next_need = later.need() + (next_starts ? S::IMAGE_PIXELS : 0);
      next_limit = later.limit() + (next_starts ? S::IMAGE_PIXELS : 0);
      later.next();
    }
    const pace more = credit + L::PACE_EMIT, less = credit - L::PACE_ACCEPT, same = credit + (L::PACE_EMIT - L::PACE_ACCEPT);
    due = late_select(accept, emit, credit > 0, less > 0, more > 0, same > 0);
    if (L::PACE_EMIT > L::PACE_ACCEPT) ahead = late_select(accept, emit, credit > L::PACE_EMIT, less > L::PACE_EMIT, more > L::PACE_EMIT, same > L::PACE_EMIT);
    credit = late_select(accept, emit, credit, less, more, same);
    done = !arrives && emitted;
  }
}

}  // namespace hass

#endif
