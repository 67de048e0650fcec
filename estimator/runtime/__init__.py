"""Runs what can hurt (the ONNX runtime, decoders of binary data) in a child process with limits."""
