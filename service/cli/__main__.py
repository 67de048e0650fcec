"""`python -m service.cli` is `nif`."""

from service.cli import main

if __name__ == "__main__":
    main()
