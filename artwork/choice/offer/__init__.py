"""What is on offer for a viewer: the pictures of a title, and what rules and habit leave."""
