// Bytes that no tool promises to read.
constexpr int A = 1;  // Größe want: text
constexpr int B = 2;  // want: text \
constexpr int C = 3;
constexpr char D[] = "what??/";  // want: text
