"""Words as they are written: stemmed, weighed, and compared letter by letter."""
