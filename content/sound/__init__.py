"""What is heard: rows of figures for each second, and what follows from any stretch of them."""
