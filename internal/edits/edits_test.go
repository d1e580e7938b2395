package edits

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"hass/templates"
)

// TestNeutral checks edits of both kinds, for every language.
func TestNeutral(t *testing.T) {
	for _, tt := range []struct {
		name, generated, edited string
		want                    bool
	}{
		{"a.cpp", "int a;\n", "int a;\n", true},
		{"a.cpp", "int a; // old\n", "// new\n\n  int   a; /* two\nlines */\n", true},
		{"a.cpp", "int a;\r\nint b;\r\n", "int a;\nint b;\n", true},
		{"a.cpp", "int a = 1;\n", "int a = 2;\n", false},
		{"a.cpp", "int a;\nint b;\n", "int b;\nint a;\n", false},
		{"a.cpp", "int ab;\n", "int a b;\n", false},
		{"a.cpp", "int a/**/b;\n", "int ab;\n", false},
		{"a.cpp", "int a;\nint b;\n", "// comment \\\nint a;\nint b;\n", false},
		{"a.cpp", "int a;\nint b;\n", "// comment ??/\nint a;\nint b;\n", false},
		{"a.cpp", "#define X \\\n 1\nint a;\n", "#define X \\\n\n 1\nint a;\n", false},
		{"a.cpp", "#define X \\\n 1\nint a;\n", "#define X \\\n// y\n 1\nint a;\n", false},
		{"a.cpp", `s = "// x";` + "\n", `s = "// y";` + "\n", false},
		{"a.cpp", `s = "a  b";` + "\n", `s = "a b";` + "\n", false},
		{"a.cpp", `s = R"(// x)";` + "\n", `s = R"(// y)";` + "\n", false},
		{"a.cpp", "c = '\"'; // x\nd = '\"';\n", "c = '\"';\nd = '\"'; // y\n", true},
		{"a.cpp", "n = 1'000; // x'\n", "n = 1'000;\n", true},
		{"a.cpp", "n = 1'000; m = 2'000;\n", "n = 1'000; m = 2'001;\n", false},
		{"a.cpp", "f(); /* unterminated\n", "f();\n", false},
		{"a.hpp", "#pragma HLS PIPELINE II=1\n", "#pragma HLS PIPELINE II=2\n", false},
		{"a.sv", "assign x = 8'hFF; // all\n", "  assign x = 8'hFF;\n\n", true},
		{"a.sv", "assign x = 8'hFF;\n", "assign x = 8'hFE;\n", false},
		{"a.sv", "assign x = 1;\nassign y = 1;\n", "assign x = 1;\n// synthesis translate_off\nassign y = 1;\n", false},
		{"a.sv", "assign x = 1;\n", "/* verilator lint_off WIDTH */ assign x = 1;\n", false},
		{"a.sv", "wire \\a//b ;\n", "wire \\a//c ;\n", false},
		{"a.sv", "`define X \\\n 1\nwire a;\n", "`define X \\\n\n 1\nwire a;\n", false},
		{"a.tcl", "set a 1\nset b 2\n", "# note\nset a 1\n\nset b 2\n# end\n", true},
		{"a.tcl", "set a 1\nset b 2\n", "# note \\\nset a 1\nset b 2\n", false},
		{"a.tcl", "set l {\n a\n b\n}\n", "set l {\n a\n # c\n b\n}\n", false},
		{"a.tcl", "set s \"a\nb\"\n", "set s \"a\n#x\nb\"\n", false},
		{"a.tcl", "set a 1\n", "set a 2\n", false},
		{"a.xdc", "create_clock -period 4 [get_ports clk]\n", "create_clock -period 5 [get_ports clk]\n", false},
		{"a.py", "a = 1  # don't\nb = 2\n", "# it's\na = 1  # don't\n\nb = 2\n    # odd\n", true},
		{"a.py", "if a:\n    b()\n", "if a:\n  b()\n", false},
		{"a.py", "\"\"\"don't\n\"\"\"\na = 1\n", "\"\"\"don't\n\"\"\"\n# x\na = 1\n", true},
		{"a.py", "s = \"\"\"\na\n\"\"\"\n", "s = \"\"\"\n# x\na\n\"\"\"\n", false},
		{"a.py", "a = 1 << 3\n", "a = 1 << 3\n# x\n", true},
		{"a.py", "a = 1\n", "# -*- coding: utf-7 -*-\na = 1\n", false},
		{"a.sh", "#!/bin/sh\na=1\n", "#!/bin/sh\n# x\na=1\n", true},
		{"a.sh", "#!/bin/sh\na=1\n", "#!/bin/bash\na=1\n", false},
		{"a.sh", "cat <<E\nx\nE\n", "cat <<E\n# y\nx\nE\n", false},
		{"a.sh", "a='x\ny'\n", "a='x\n# z\ny'\n", false},
		{"Makefile", "a: b\n\tc\n", "# x\na: b\n# y\n\tc\n", true},
		{"Makefile", "a: b\n\tc\n", "a: b\n\t# y\n\tc\n", false},
		{"Makefile", "a: b\n\tc\n", "# x \\\na: b\n\tc\n", false},
		{"Makefile", "A = b \\\n c\n", "A = b \\\n# x\n c\n", false},
		{"Makefile", "define A\nb\nendef\n", "define A\n# x\nb\nendef\n", false},
		{"Makefile", "define A\nb\nendef\nc: d\n", "define A\nb\nendef\n# x\nc: d\n", true},
		{"x.cfg", "part=a\nclock=3\n", "# x\npart=a\nclock=3\n", true},
		{"x.cfg", "part=a\nclock=3\n", "part=a\nclock=4\n", false},
		{"x.json", `{"a": 1, "b": [1, 2]}`, "{\n\"b\": [1,2],\n\"a\": 1}\n", true},
		{"x.json", `{"a": 1, "b": [1, 2]}`, `{"a": 1, "b": [2, 1]}`, false},
		{"x.json", `{"a": 1}`, `{"a": 2, "a": 1}`, false},
		{"x.json", `{"a": 9007199254740993}`, `{"a": 9007199254740992}`, false},
		{"README.md", "a\n", "b\n", true},
		{"x.bin", "a", "b", false},
		{"x.dat", "a\n", "a\n\n", false},
	} {
		if got := Neutral(tt.name, []byte(tt.generated), []byte(tt.edited)); got != tt.want {
			t.Errorf("%s: %q to %q: neutral %v", tt.name, tt.generated, tt.edited, got)
		}
	}
}

// TestTemplates adds comments and blank lines at the ends of every template, which is neutral, and
// changes a letter or digit of its code, which is not.
func TestTemplates(t *testing.T) {
	marks := map[string]string{".cpp": "// x", ".hpp": "// x", ".h": "// x", ".sv": "// x", ".vlt": "// x", ".tcl": "# x", ".sh": "# x", ".py": "# x", ".cfg": "# x", "": "# x", ".xdc": "# x", ".dtsi": "// x", ".bif": "// x", ".json": ""}
	for _, tree := range []fs.FS{templates.HLS, templates.RTL, templates.Scripts, templates.Host} {
		err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			mark, ok := marks[path.Ext(name)]
			if !ok {
				t.Errorf("%s: a language without comments that are known", name)
				return nil
			}
			data, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			text := string(data)
			first, rest, _ := strings.Cut(text, "\n")
			for _, edited := range []string{text + "\n" + mark + "\n", first + "\n" + mark + "\n\n" + rest} {
				if !strings.HasPrefix(first, "/*") && !Neutral(name, data, []byte(edited)) {
					t.Errorf("%s: a comment is no neutral edit", name)
				}
			}
			if Neutral(name, data, []byte(text+"x\n")) {
				t.Errorf("%s: another word is a neutral edit", name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
