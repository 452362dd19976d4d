"""Small programs that make runs while building and checking."""
