//! The command line: one file per verb. It must hold no rules of incidents; it parses arguments, calls, and prints.
