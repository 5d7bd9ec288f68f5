"""How good a picture is as artwork: named sub-scores in 0..1, and the gates no picture passes.

The scores are immutable facts of a picture: every formula here is deterministic and free of state.
docs/artwork.md lists them. Nothing is imported here: the API needs the weights without OpenCV.
"""
