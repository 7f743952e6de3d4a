//! What is left out of a stored record: the values that most records have.
#![expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]

/// Tells whether a flag is not set.
pub(super) fn is_false(flag: &bool) -> bool {
    !flag
}

/// Tells whether a count is nought.
pub(super) fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Tells whether a count is one.
pub(super) fn is_one(n: &u32) -> bool {
    *n == 1
}

/// Returns one: what a record means that does not say.
pub(super) fn one() -> u32 {
    1
}
