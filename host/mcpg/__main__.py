"""`python -m mcpg`: the command line."""

from mcpg.cli import main

if __name__ == "__main__":
    main()
