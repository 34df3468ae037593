"""Policy libraries: modules, the METADATA of their rules, parameters, catalogues of controls."""
