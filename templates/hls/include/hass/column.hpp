// Counters for the position in a map.
#ifndef HASS_COLUMN_HPP
#define HASS_COLUMN_HPP

namespace hass {

// column counts the channel beats and pixel groups of a row, so that a module knows which
// pixels of its beat lie beyond the width.
template <int W, int PX, int CHANNEL_BEATS> struct column {
  static constexpr int GROUPS = (W + PX - 1) / PX;
  int channel = 0, group = 0;
  bool inside(int p) const { return W % PX == 0 || group < GROUPS - 1 || p < W % PX; }
  void next() {
    if (channel < CHANNEL_BEATS - 1) {
      ++channel;
    } else {
      channel = 0;
      group = group == GROUPS - 1 ? 0 : group + 1;
    }
  }
};

// strided walks the SIZE positions of an axis. The COUNT positions START, START + STEP, ... are
// chosen.
template <int SIZE, int START, int STEP, int COUNT> struct strided {
  int at = 0, wait = START, left = COUNT;
  bool chosen() const { return wait == 0 && left > 0; }
  bool last() const { return at == SIZE - 1; }
  void next() {
    if (chosen()) --left;
    wait = wait == 0 ? STEP - 1 : wait - 1;
    ++at;
    if (at == SIZE) {
      at = 0;
      wait = START;
      left = COUNT;
    }
  }
};

}  // namespace hass

#endif
