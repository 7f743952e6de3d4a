//! The only place where chance is drawn. Pure modules never call it; they are given what was drawn.

/// Draws bytes that nobody can guess.
///
/// # Panics
/// The operating system gives no random bytes; nothing could be kept secret then.
#[must_use]
pub fn draw<const N: usize>() -> [u8; N] {
    let mut drawn = [0; N];
    getrandom::fill(&mut drawn).expect("the operating system gives random bytes");
    drawn
}
