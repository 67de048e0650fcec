"""networkit, imported without what it draws and learns with: two seconds, for what nothing here asks for.

A process that wants networkit's own plots imports networkit before.
"""

import sys

# All are optional to it; where one is missing it goes without.
_OPTIONAL = ("matplotlib", "pandas", "seaborn", "sklearn", "networkx", "tabulate", "IPython")
_hidden = [name for name in _OPTIONAL if name not in sys.modules] if "networkit" not in sys.modules else []

for _name in _hidden:
    sys.modules[_name] = None  # type: ignore[assignment]  # which makes its import fail
try:
    import networkit as nk
finally:
    for _name in _hidden:
        del sys.modules[_name]

__all__ = ["nk"]
