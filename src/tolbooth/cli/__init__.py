"""The command line: parse, one library call, render, exit code. One file a command group."""
