//! Small plans whose states can be counted by hand, and the shipped ones.
