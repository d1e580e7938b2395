package recurrence

import (
	"math"
	"strings"
	"testing"
)

// twoValues is a loop in which %a needs %b and %b needs %a, an iteration later each, and in which a read waits for a flag
// that comes from it.
const twoValues = `
define void @f(ptr %s) {
  br label %loop

loop:                                             ; preds = %next, %0
  %a = phi i32 [ 0, %0 ], [ %a1, %next ]
  %b = phi i32 [ 0, %0 ], [ %b1, %next ]
  %fetch = phi i1 [ true, %0 ], [ %fetch1, %next ]
  %a1 = add nsw i32 %b, 1
  %b1 = xor i32 %a, 5
  br i1 %fetch, label %read, label %next

read:                                             ; preds = %loop
  %x = call i64 @hls_rd(ptr %s)
  br label %next

next:                                             ; preds = %read, %loop
  %y = phi i64 [ %x, %read ], [ 0, %loop ]
  %fetch1 = icmp eq i64 %y, 3
  br i1 %fetch1, label %loop, label %end

end:
  ret void
}
`

func TestLoops(t *testing.T) {
	loops, err := Loops(twoValues)
	if err != nil || len(loops) != 1 {
		t.Fatalf("%v, %v", loops, err)
	}
	l := loops[0]
	// A read, the choice of its value, a comparison of 64 bits; the cycle of a and b has a mean of (0.88 + 0.287) / 2.
	if want := readNS + 0.42 + 1.06; l.Function != "f" || l.Carried != 3 || math.Abs(l.NS-want) > 1e-9 || len(l.Path) != 3 {
		t.Errorf("got %+v, want %.3f ns through 3 operations", l, want)
	}
	// Without the read the cycle of two iterations is the largest.
	loops, err = Loops(strings.Replace(twoValues, "%fetch1 = icmp eq i64 %y, 3", "%fetch1 = icmp eq i1 %fetch, false", 1))
	if want := (0.88 + logicNS) / 2; err != nil || math.Abs(loops[0].NS-want) > 1e-9 {
		t.Errorf("got %+v, %v, want %.3f ns", loops, err, want)
	}
	// A loop that was not unrolled.
	if _, err := Loops(strings.Replace(twoValues, "br label %next\n\nnext", "br i1 %fetch, label %read, label %next\n\nnext", 1)); err == nil {
		t.Error("a loop in a loop: no error")
	}
}
