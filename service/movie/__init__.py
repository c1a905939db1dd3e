"""A training as a movie of its samples, made in a process of its own: encoding is work, and a server has more to do."""
