"""A season over the real services: wished for, planned, published, offered, answered, filled."""
