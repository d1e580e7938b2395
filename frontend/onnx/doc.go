// Package onnx decodes ONNX files into plain structs, straight from the protobuf
// wire format, and encodes such structs.
//
// It takes a file (plain or gzip) or its bytes and gives a Model: the graph's
// nodes, attributes, initializers and typed inputs. It reads every encoding of
// numeric tensors in ONNX, external data included. raw_data is not copied: a
// decoded model keeps the file's bytes alive, and the caller must not change
// them. Strings are the file's bytes, untrusted and possibly not UTF-8.
//
// It never interprets an operator (package frontend does) and never follows a
// subgraph: an attribute that holds a graph is only marked. Memory is bounded by
// the input's size. External data are never read from outside the model's
// folder.
package onnx
