"""What a bias audit counts beyond a count table: the exact scores of a tool that scores people."""
