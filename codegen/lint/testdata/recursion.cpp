// Functions that reach themselves.
int depth(int n) {
  return n == 0 ? 0 : depth(n - 1);  // want: recursion
}

int odd(int n);

int even(int n) { return n == 0 ? 1 : odd(n - 1); }

int odd(int n) { return n == 0 ? 0 : even(n - 1); }  // want: recursion
