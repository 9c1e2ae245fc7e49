"""The command `gristmill`, also `python -m gristmill`."""

import sys

from gristmill.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
