"""The built-in policy library: one folder a rule, with the rule, its test and its page. Data only."""
