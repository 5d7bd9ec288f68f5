"""The rights of people: forgetting and its proof, export, retention."""
