package ident

import "strings"

// reserved are the lower-case keywords of the languages that we emit, names
// that the emitted sources use, and device names that some file systems refuse.
var reserved = set(
	// C++17 and C++20, with alternative tokens, and C.
	`alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case
	catch char char8_t char16_t char32_t class compl concept const consteval constexpr constinit const_cast continue
	co_await co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern false
	final float for friend goto if import inline int long module mutable namespace new noexcept not not_eq nullptr
	operator or or_eq override private protected public reflexpr register reinterpret_cast requires restrict return
	short signed sizeof static static_assert static_cast struct switch synchronized template this thread_local throw
	transaction_safe true try typedef typeid typename typeof union unsigned using virtual void volatile wchar_t while
	xor xor_eq linux unix`,
	// Names of the C and C++ libraries that macros or global functions take, and our own tops.
	`abs assert complex cos div errno exit exp floor hls index int8_t int16_t int32_t int64_t log main max min null
	pow printf remove rename round signal sin size_t sqrt std stderr stdin stdout system tan time uint8_t uint16_t
	uint32_t uint64_t y0 y1 j0 j1 yn jn`,
	// SystemVerilog IEEE 1800-2017.
	`accept_on alias always always_comb always_ff always_latch assert assign assume automatic before begin bind bins
	binsof bit buf bufif0 bufif1 byte casex casez cell chandle checker clocking cmos config constraint context cover
	covergroup coverpoint cross deassign defparam design disable dist edge endcase endchecker endclass endclocking
	endconfig endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram endproperty
	endspecify endsequence endtable endtask event eventually expect extends first_match force foreach forever fork
	forkjoin function generate genvar global highz0 highz1 iff ifnone ignore_bins illegal_bins implements implies
	incdir include initial inout input inside instance integer interconnect interface intersect join join_any
	join_none large let liblist library local localparam logic longint macromodule matches medium modport nand
	negedge nettype nexttime nmos nor noshowcancelled notif0 notif1 output package packed parameter pmos posedge
	primitive priority program property pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand
	randc randcase randsequence rcmos real realtime ref reg reject_on release repeat restrict rnmos rpmos rtran
	rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal
	showcancelled small soft solve specify specparam string strong strong0 strong1 super supply0 supply1
	sync_accept_on sync_reject_on table tagged task throughout time timeprecision timeunit tran tranif0 tranif1 tri
	tri0 tri1 triand trior trireg type unique unique0 until until_with untyped use uwire var vectored wait wait_order
	wand weak weak0 weak1 wildcard wire with within wor xnor`,
	// Tcl commands.
	`after append apply array binary break catch cd chan clock close concat continue coroutine dict encoding eof
	error eval exec exit expr fblocked fconfigure fcopy file fileevent flush for foreach format gets glob global if
	incr info interp join lappend lassign lindex linsert list llength lmap load lrange lrepeat lreplace lreverse
	lsearch lset lsort my namespace next nextto open package pid proc puts pwd read refchan regexp regsub rename
	return scan seek self set socket source split string subst switch tailcall tell throw trace try unknown unload
	unset update uplevel upvar variable vwait while yield yieldto zipfs zlib`,
	// Python keywords and shell words.
	`as async await def del elif except from in is lambda nonlocal pass raise done esac fi then select coproc`,
	// Device names.
	`con prn aux nul com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9`,
)

func set(lists ...string) map[string]bool {
	m := make(map[string]bool)
	for _, l := range lists {
		for _, w := range strings.Fields(l) {
			m[w] = true
		}
	}
	return m
}
