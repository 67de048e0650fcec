"""What a study found, as blocks that a page shows: one module a kind, each with `section(document)`."""
