"""Laws and frameworks as data: one YAML file a source, with in-force dates and their basis. Data only."""
