package lint

// checkArrays requires a pragma for every array that a function keeps, alone or as a member of a local struct. Without one the
// tool makes it a memory of two ports, and an unrolled loop waits for them. Constants are tables and exempt; so is an array
// whose size comes from its initialiser, which only orders calls.
func (p *project) checkArrays(fn *function) {
	f := fn.file
	said := map[string]bool{}
	for i := fn.begin; i < fn.end; i++ {
		if t := f.tokens[i]; t.kind == pragmaToken {
			for _, m := range arrayPragma.FindAllStringSubmatch(t.text, -1) {
				said[m[2]] = true
			}
		}
	}
	local := map[string]bool{} // by name: a struct, or a possible one
	for _, v := range fn.locals {
		switch {
		case v.isArray && !v.isConst && !said[v.name]:
			p.report(f, v.line, RulePartition, "array %s has no pragma ARRAY_PARTITION or ARRAY_RESHAPE", v.name)
		case !v.isArray:
			local[v.name] = true
		}
	}
	for i := fn.begin; i+3 < fn.end; i++ {
		t := f.tokens
		if t[i].kind != identToken || !local[t[i].text] || !t[i+1].is(".") || t[i+2].kind != identToken || !t[i+3].is("[") || i > fn.begin && (t[i-1].is(".") || t[i-1].is("->")) {
			continue
		}
		if name := t[i].text + "." + t[i+2].text; !said[name] {
			p.report(f, t[i].line, RulePartition, "array %s has no pragma ARRAY_PARTITION or ARRAY_RESHAPE", name)
			said[name] = true
		}
	}
}
