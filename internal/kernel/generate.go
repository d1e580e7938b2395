package kernel

//go:generate go -C gen run . -out ../kernel_amd64.s -stubs ../stub_amd64.go -pkg kernel
