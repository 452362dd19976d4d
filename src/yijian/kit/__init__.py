"""Pure helpers: no framework, no driver, no I/O."""
