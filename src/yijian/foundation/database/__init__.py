"""PostgreSQL, the only database: embedded for set-up, demo and tests, or any server by URL."""
