"""What changes the rules: versions that two people stand for, and facts that take away."""
