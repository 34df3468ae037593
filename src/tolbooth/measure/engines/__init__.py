"""Where a measure runs: one file per engine; each gives the same summary to the byte."""
