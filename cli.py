"""The command line from a checkout: `python cli.py` is the installed command `matcalc`, which the package carries."""

from matcalc.__main__ import main

if __name__ == "__main__":
    main()
