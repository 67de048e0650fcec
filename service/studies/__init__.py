"""Studies: computations on finished analyses. Start at `kinds.py`; `computing.py` runs one in a child."""
