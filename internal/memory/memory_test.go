package memory

import "testing"

func TestBRAMCount(t *testing.T) {
	for _, tt := range []struct{ width, depth, want int }{
		{0, 100, 0},
		{1, 1, 1},
		{36, 512, 1},     // 512 x 36
		{36, 513, 2},     // two 1K x 18
		{18, 1024, 1},    // 1K x 18
		{16, 1024, 1},    // inside 1K x 18
		{16, 2048, 2},    // two 2K x 9
		{9, 2048, 1},     // 2K x 9
		{8, 4096, 2},     // two 4K x 4
		{4, 4096, 1},     // 4K x 4
		{2, 8192, 1},     // 8K x 2
		{1, 16384, 1},    // 16K x 1
		{1, 16385, 2},    // two rows
		{20, 2048, 3},    // 2K x 9 twice and 2 bits of 4K x 4
		{144, 512, 4},    // 9 lanes of 16 bits
		{144, 600, 8},    // 1K x 18
		{144, 50, 4},     // width decides
		{72, 32768, 128}, // 4 columns of 18 bits x 32 rows; 72 columns of 16K x 1 would be 144
		{16, 25000, 25},  // 1K x 18: 25 rows
		{512, 1, 15},     // 14 of 36 bits and 8 more
		{40, 1024, 3},    // two 18 and 4 bits of 4K x 4
	} {
		if got := BRAMCount(tt.width, tt.depth); got != tt.want {
			t.Errorf("BRAMCount(%d bits, %d words) = %d, want %d", tt.width, tt.depth, got, tt.want)
		}
	}
}

func TestURAMMap(t *testing.T) {
	for _, tt := range []struct{ width, depth, want int }{
		{72, 4096, 1}, {73, 4096, 2}, {72, 4097, 2}, {144, 100, 2}, {16, 400000, 22}, {36, 9000, 2},
	} {
		if got, _ := uramMap(tt.width, tt.depth); got != tt.want {
			t.Errorf("uramMap(%d bits, %d words) = %d, want %d", tt.width, tt.depth, got, tt.want)
		}
	}
}

func TestDistributed(t *testing.T) {
	type pair struct{ luts, rows int }
	for _, tt := range []struct {
		width, depth int
		family       string
		want         pair
	}{
		{3, 64, Series7, pair{4, 1}}, {16, 64, Series7, pair{24, 1}}, {6, 32, Series7, pair{4, 1}},
		{3, 128, Series7, pair{8, 2}}, {8, 80, Series7, pair{24, 3}}, // three rows of 32
		{14, 64, UltraScalePlus, pair{16, 1}}, {3, 64, UltraScalePlus, pair{4, 1}},
	} {
		if n, rows := lutramMap(tt.width, tt.depth, tt.family); (pair{n, rows}) != tt.want {
			t.Errorf("%d bits, %d words on %s: %d LUTs in %d rows, want %v", tt.width, tt.depth, tt.family, n, rows, tt.want)
		}
	}
}

func TestChoiceOfMemory(t *testing.T) {
	for _, tt := range []struct {
		got, want Kind
		what      string
	}{
		{ForFIFO(144, 4), LUTRAM, "a gang's FIFO"},
		{ForFIFO(16, 2048), BRAM, "16 bits x 2048: 1072 LUTs or 2 blocks"},
		{ForFIFO(16, 128), LUTRAM, "16 bits x 128: 64 LUTs or a block"},
		{ForBuffer(16, 64), LUTRAM, "16 bits x 64: 24 LUTs or a block"},
		{ForBuffer(16, 1024), BRAM, "16 bits x 1024: 464 LUTs or a block"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.what, tt.got, tt.want)
		}
	}
}

func TestKindText(t *testing.T) {
	for _, k := range Kinds {
		text, err := k.MarshalText()
		var back Kind
		if err != nil || back.UnmarshalText(text) != nil || back != k {
			t.Errorf("%v: text %q, read as %v, %v", k, text, back, err)
		}
	}
	if _, err := None.MarshalText(); err == nil {
		t.Error("no memory has a name")
	}
	var k Kind
	if err := k.UnmarshalText([]byte("flash")); err == nil || k != None {
		t.Errorf("flash is read as %v", k)
	}
}
