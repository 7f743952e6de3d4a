//! Messages and the ways out: routing, retry and templates are pure; each channel is one file; the gate is one file.
