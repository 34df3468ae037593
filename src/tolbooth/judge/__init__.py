"""judge: rules over recorded facts, on engines that are not ours; one result type whatever the engine.

Knows no files of a project and no clock: the input document and ``as_of`` come from the caller.
"""
