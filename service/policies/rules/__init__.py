"""The kinds of rules, one module each; kinds.py lists them."""
