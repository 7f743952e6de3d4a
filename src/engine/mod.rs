//! The state machine of an incident, pure: no clock, no chance, no IO. Everything it learns comes in as an argument.
