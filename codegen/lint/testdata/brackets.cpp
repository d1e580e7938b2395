// Brackets that do not pair: nothing behind them can be judged.
void f(int n) {
  if (n > 0) {
    g(n];  // want: syntax
  }
}
