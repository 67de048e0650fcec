"""Tables: from bytes to columns, strictly."""
