"""The models. Nothing outside this package imports torch, onnxruntime or a model library."""
