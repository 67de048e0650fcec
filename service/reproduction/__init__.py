"""The experiments of arXiv 1901.08557, run again: `nif reproduce`.

In the child: data (`data.py`), recipes, training and export, and what is measured of each trained network
(`computing.py` drives it, `measuring.py` is one network). In the command: how the claims are judged
(`claims.py`, `tallies.py`), and the folder of figures, tables, page and `reproduction.md` (`writing.py`).
"""
