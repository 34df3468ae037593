"""People as pure state machines: who holds which role when, duties, approvals and waivers. No I/O, no clock."""
