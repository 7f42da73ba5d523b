"""Lets `python -m rescue_kg` stand for the command `rescue-kg`."""

from rescue_kg.cli import main

if __name__ == "__main__":
    main()
