"""One module per command; `main` finds them by listing this folder.

A command module has HELP (one line, a literal), `configure(parser)` and `run(arguments) -> exit code`. Its file has
the name of the command. Exit codes: 0 done, 1 the check failed, 2 used wrongly, 3 set-up incomplete.
"""
