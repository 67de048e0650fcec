"""Evidence of an audit for somebody else: a signed bundle (`bundle.py`) and its check (`verification.py`)."""
