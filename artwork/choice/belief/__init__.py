"""What is believed of pictures, and the probabilities that follow: pure functions of exact sums."""
