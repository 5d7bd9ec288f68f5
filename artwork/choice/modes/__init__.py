"""In which way choices are made for a deployment, what it comes to, and the way back."""
